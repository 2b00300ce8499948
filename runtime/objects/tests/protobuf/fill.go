//go:build ignore

// Writes objects of Kubernetes' own types in protobuf and in JSON, by the serializers of Kubernetes itself: of each kind
// one with a value in every field, one with some fields, one with none. For the test beside this file.
//
//	go mod init fill && go get k8s.io/api@v0.34.4 k8s.io/client-go@v0.34.4 sigs.k8s.io/randfill && go run fill.go > filled.jsonl
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/randfill"
)

const kinds = `v1: Binding ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod
PodTemplate ResourceQuota Secret Service ServiceAccount DeleteOptions Status
apps/v1: DaemonSet Deployment ReplicaSet StatefulSet ControllerRevision
batch/v1: CronJob Job
authentication.k8s.io/v1: TokenRequest SelfSubjectReview
authorization.k8s.io/v1: LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview
autoscaling/v1: Scale
coordination.k8s.io/v1: Lease
events.k8s.io/v1: Event
policy/v1: Eviction
storage.k8s.io/v1: StorageClass`

type pair struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Protobuf   []byte          `json:"protobuf"`
	JSON       json.RawMessage `json:"json"`
}

func main() {
	seeds := flag.Int64("seeds", 1, "how many of each sort")
	flag.Parse()
	if err := write(*seeds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(seeds int64) error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	var version schema.GroupVersion
	for _, word := range strings.Fields(kinds) {
		if named, found := strings.CutSuffix(word, ":"); found {
			version, _ = schema.ParseGroupVersion(named)
			continue
		}
		for seed := int64(0); seed < seeds; seed++ {
			for _, absent := range []float64{0, 0.6, 1} {
				found, err := filled(version.WithKind(word), seed, absent)
				if err != nil {
					return fmt.Errorf("%s: %w", word, err)
				}
				if err := out.Encode(found); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// filled is an object of which so large a part of the fields is absent.
func filled(kind schema.GroupVersionKind, seed int64, absent float64) (*pair, error) {
	object, err := scheme.Scheme.New(kind)
	if err != nil {
		return nil, err
	}
	elements := 1
	if absent == 1 {
		elements = 0
	}
	randfill.New().RandSource(rand.NewSource(seed)).NilChance(absent).NumElements(elements, elements).MaxDepth(40).
		Funcs(values(rand.New(rand.NewSource(seed)), absent)...).Fill(object)
	object.GetObjectKind().SetGroupVersionKind(kind)
	var message bytes.Buffer
	if err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(object, &message); err != nil {
		return nil, err
	}
	text, err := json.Marshal(object)
	return &pair{kind.GroupVersion().String(), kind.Kind, message.Bytes(), text}, err
}

// values makes values that both forms can say.
func values(random *rand.Rand, absent float64) []any {
	present := func() bool { return random.Float64() >= absent }
	second := func() time.Time { return time.Unix(random.Int63n(4e9)-1e9, 0) }
	microsecond := func() time.Time { return time.Unix(random.Int63n(4e9), random.Int63n(1e6)*1000) }
	return []any{
		// It is not in the messages.
		func(*metav1.TypeMeta, randfill.Continue) {},
		func(to *resource.Quantity, _ randfill.Continue) {
			units := []string{"", "m", "Ki", "Gi", "k"}
			*to = resource.MustParse(fmt.Sprint(random.Intn(1000), units[random.Intn(len(units))]))
		},
		func(to *metav1.Time, _ randfill.Continue) {
			if present() {
				*to = metav1.NewTime(second())
			}
		},
		func(to *metav1.MicroTime, _ randfill.Continue) {
			if present() {
				*to = metav1.NewMicroTime(microsecond())
			}
		},
		func(to **metav1.Time, _ randfill.Continue) {
			if present() {
				*to = &metav1.Time{Time: second()}
			}
		},
		func(to **metav1.MicroTime, _ randfill.Continue) {
			if present() {
				*to = &metav1.MicroTime{Time: microsecond()}
			}
		},
		func(to *intstr.IntOrString, _ randfill.Continue) {
			*to = intstr.FromInt32(random.Int31n(9000) - 10)
			if random.Intn(2) == 0 {
				*to = intstr.FromString(fmt.Sprint("s", random.Intn(99)))
			}
		},
		func(to *runtime.RawExtension, _ randfill.Continue) { to.Raw = []byte(`{"a":[1,"b",null,{}]}`) },
		func(to *metav1.FieldsV1, _ randfill.Continue) { to.Raw = []byte(`{"f:a":{}}`) },
		func(to *[]byte, _ randfill.Continue) {
			*to = make([]byte, random.Intn(6))
			random.Read(*to)
		},
		func(to *string, _ randfill.Continue) {
			if random.Intn(8) > 0 {
				*to = fmt.Sprint("t", random.Intn(1000))
			}
		},
		func(to *bool, _ randfill.Continue) { *to = random.Intn(3) > 0 },
		func(to *int32, _ randfill.Continue) { *to = random.Int31n(20) - 3 },
		func(to *int64, _ randfill.Continue) { *to = random.Int63n(1<<60) - 3 },
	}
}

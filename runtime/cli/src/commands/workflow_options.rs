//! What a pipeline needs of a cluster with Argo Workflows, as the commands that make workflows ask for it.

use coracle_model::{WorkflowBucket, WorkflowSettings, WorkflowStore};

/// What of the cluster a workflow needs.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "On a cluster with Argo Workflows")]
pub(crate) struct On {
    /// The image that holds coracle-step, from where the cluster's nodes pull it
    #[arg(long, value_name = "IMAGE")]
    step_image: Option<String>,

    /// When images are pulled whose step does not say it: Always, IfNotPresent or Never
    #[arg(long, value_name = "POLICY", requires = "step_image", value_parser = ["Always", "IfNotPresent", "Never"])]
    image_pull_policy: Option<String>,

    /// The account of the pods; the namespace's default one otherwise
    #[arg(long, value_name = "NAME", requires = "step_image")]
    service_account: Option<String>,

    /// A secret of the namespace to pull images with
    #[arg(long = "pull-secret", value_name = "NAME", requires = "step_image")]
    pull_secrets: Vec<String>,

    /// A claim of the namespace that all runs share, each in a folder of its own; otherwise each run makes one
    #[arg(long, value_name = "NAME", requires = "step_image", conflicts_with_all = ["size", "storage_class", "access_mode"])]
    claim: Option<String>,

    /// The size of the claim that each run makes
    #[arg(
        long,
        value_name = "QUANTITY",
        requires = "step_image",
        default_value = "10Gi"
    )]
    size: String,

    /// Its storage class; the cluster's default one otherwise
    #[arg(long, value_name = "NAME", requires = "step_image")]
    storage_class: Option<String>,

    /// Its access mode: ReadWriteOnce where all pods are on one node
    #[arg(
        long,
        value_name = "MODE",
        requires = "step_image",
        default_value = "ReadWriteMany"
    )]
    access_mode: String,

    /// A bucket that all runs share instead of a claim, with what all keys begin with
    #[arg(long, value_name = "s3://BUCKET/PREFIX", requires_all = ["step_image", "endpoint"], value_parser = bucket_and_prefix,
        conflicts_with_all = ["claim", "size", "storage_class", "access_mode"])]
    bucket: Option<(String, String)>,

    /// The URL of the bucket's store as pods see it, such as http://minio.store:9000
    #[arg(long, value_name = "URL", requires = "bucket")]
    endpoint: Option<String>,

    /// The region that requests to it are signed for; us-east-1 otherwise
    #[arg(long, value_name = "REGION", requires = "bucket")]
    region: Option<String>,

    /// A secret of the namespace with the keys accesskey and secretkey, and ca.crt where no public authority signed the store's certificate
    #[arg(long, value_name = "NAME", requires = "bucket")]
    bucket_secret: Option<String>,
}

fn bucket_and_prefix(text: &str) -> Result<(String, String), String> {
    let named = text.strip_prefix("s3://").unwrap_or_default();
    let (bucket, prefix) = named.split_once('/').unwrap_or((named, ""));
    match bucket {
        "" => Err("a bucket is named as s3://BUCKET or s3://BUCKET/PREFIX".to_owned()),
        bucket => Ok((bucket.to_owned(), prefix.trim_end_matches('/').to_owned())),
    }
}

impl On {
    /// As it is asked for; none where no image is named, without which there is no workflow.
    pub(crate) fn settings(self) -> Option<WorkflowSettings> {
        let store = match (self.claim, self.bucket, self.endpoint) {
            (Some(claim), ..) => WorkflowStore::Claim(claim),
            (None, Some((bucket, prefix)), Some(endpoint)) => {
                WorkflowStore::Bucket(WorkflowBucket {
                    endpoint,
                    bucket,
                    prefix,
                    region: self.region,
                    secret: self.bucket_secret,
                })
            }
            (None, ..) => WorkflowStore::PerRun {
                size: self.size,
                storage_class: self.storage_class,
                access_mode: self.access_mode,
            },
        };
        Some(WorkflowSettings {
            step_image: self.step_image?,
            image_pull_policy: self.image_pull_policy,
            service_account: self.service_account,
            image_pull_secrets: self.pull_secrets,
            store,
        })
    }

    /// Whether a workflow is asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.step_image.is_some()
    }
}

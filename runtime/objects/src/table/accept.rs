//! The `Accept` header.

use crate::resource::Resource;
use crate::status::{Details, Reason, Status};

/// What the server can answer with, as it names it. Protobuf is named as Kubernetes does but not given.
const GIVEN: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// What it names besides where a request can be a watch.
const GIVEN_OF_WATCHES: &str =
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/// The text of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// `application/json`.
    #[default]
    Json,
    /// `application/yaml`.
    Yaml,
}

/// What an answer shows of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// All of them.
    #[default]
    Whole,
    /// A `Table` of `meta.k8s.io`.
    Table,
    /// Their metadata: `PartialObjectMetadata`.
    Metadata,
    /// The same of a list: `PartialObjectMetadataList`.
    MetadataList,
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Representation {
    /// As what text.
    pub encoding: Encoding,
    /// What of it.
    pub form: Form,
    /// Whether a form other than the whole is asked for in version `v1beta1` rather than `v1`.
    pub beta: bool,
}

impl Representation {
    /// `apiVersion` of a form other than the whole.
    pub fn api_version(self) -> &'static str {
        if self.beta {
            "meta.k8s.io/v1beta1"
        } else {
            "meta.k8s.io/v1"
        }
    }
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// One object, also as the outcome of a write.
    One,
    /// A list.
    List,
    /// Changes, each of one object.
    Watch,
}

/// The representation that an `Accept` header asks for. No header, or `*/*`, asks for JSON.
///
/// # Errors
/// 406 when none that it names can be given.
pub fn negotiate(
    accept: Option<&str>,
    resource: &Resource,
    extent: Extent,
) -> Result<Representation, Status> {
    let clauses = clauses(accept.unwrap_or_default());
    if clauses.is_empty() && accept.is_none_or(|accept| accept.trim().is_empty()) {
        return Ok(Representation::default());
    }
    if resource.built_in && !clauses.iter().any(Clause::is_produced) {
        return Err(not_produced(extent));
    }
    let found = clauses.iter().find_map(Clause::representation);
    let found = found.ok_or_else(not_accepted)?;
    let of_list = extent == Extent::List;
    let name = || {
        let package = match resource.group.split('.').next() {
            None | Some("" | "events") => "core",
            Some(first) => first,
        };
        let list = if of_list { "List" } else { "" };
        if resource.built_in {
            format!("*{package}.{}{list}", resource.kind)
        } else {
            format!("*unstructured.Unstructured{list}")
        }
    };
    let fault = match found.form {
        Form::Metadata if of_list => format!(
            "you requested PartialObjectMetadata, but the requested object is a list ({})",
            name()
        ),
        Form::MetadataList if !of_list => format!(
            "you requested PartialObjectMetadataList, but the requested object is not a list ({})",
            name()
        ),
        Form::Whole | Form::Table | Form::Metadata | Form::MetadataList => return Ok(found),
    };
    Err(Status::new(Reason::NotAcceptable, fault))
}

/// The encoding of an answer that has one form only, such as discovery.
///
/// # Errors
/// 406 when neither JSON nor YAML may be given.
pub fn negotiate_plain(accept: Option<&str>) -> Result<Encoding, Status> {
    let clauses = clauses(accept.unwrap_or_default());
    if clauses.is_empty() {
        return Ok(Encoding::Json);
    }
    let encodings = clauses.iter().filter(|clause| clause.form.is_none());
    let found = encodings.filter_map(Clause::encoding).next();
    found.ok_or_else(|| not_produced(Extent::One))
}

/// The refusal of a built-in kind that is asked for in no text that there is.
fn not_produced(extent: Extent) -> Status {
    let besides = match extent {
        Extent::One => String::new(),
        Extent::List | Extent::Watch => format!(", {GIVEN_OF_WATCHES}"),
    };
    let message = format!("406: Not Acceptable\n\nAvailable representations: {GIVEN}{besides}");
    Status::new(Reason::NotAcceptable, message).with_details(Details::default())
}

fn not_accepted() -> Status {
    let message = format!("only the following media types are accepted: {GIVEN}");
    Status::new(Reason::NotAcceptable, message)
}

/// A part of the header.
#[derive(Debug)]
struct Clause {
    media_type: String,
    /// How much it is wanted, in thousandths.
    quality: u32,
    /// The form that it asks for, with group and version; none for the whole.
    form: Option<(String, String, String)>,
}

/// The parts, those first that are wanted most, and of them those that say most exactly what.
fn clauses(accept: &str) -> Vec<Clause> {
    let parts = accept.split(',').map(str::trim);
    let mut clauses: Vec<_> = parts
        .filter(|part| !part.is_empty())
        .map(Clause::read)
        .collect();
    clauses.sort_by_key(|clause| {
        let vague = clause.media_type.matches('*').count();
        (std::cmp::Reverse(clause.quality), vague)
    });
    clauses
}

impl Clause {
    fn read(part: &str) -> Self {
        let mut pieces = part.split(';').map(str::trim);
        let media_type = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let mut quality = 1000;
        let (mut form, mut group, mut version) = (None, String::new(), String::new());
        for piece in pieces {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            match name {
                "q" => quality = thousandths(value),
                "as" => form = Some(value.to_owned()),
                "g" => value.clone_into(&mut group),
                "v" => value.clone_into(&mut version),
                _ => {}
            }
        }
        Self {
            media_type,
            quality,
            form: form.map(|form| (form, group, version)),
        }
    }

    /// Whether a built-in kind is given as this text at all.
    fn is_produced(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            "application/json" | "application/yaml" | "application/vnd.kubernetes.protobuf" | "*/*"
        )
    }

    fn encoding(&self) -> Option<Encoding> {
        match self.media_type.as_str() {
            "application/json" | "application/*" | "*/*" => Some(Encoding::Json),
            "application/yaml" => Some(Encoding::Yaml),
            _ => None,
        }
    }

    fn representation(&self) -> Option<Representation> {
        let encoding = self.encoding()?;
        let Some((form, group, version)) = &self.form else {
            return Some(Representation {
                encoding,
                ..Representation::default()
            });
        };
        let form = match form.as_str() {
            "Table" => Form::Table,
            "PartialObjectMetadata" => Form::Metadata,
            "PartialObjectMetadataList" => Form::MetadataList,
            _ => return None,
        };
        let beta = match version.as_str() {
            "v1" => false,
            "v1beta1" => true,
            _ => return None,
        };
        (group == "meta.k8s.io").then_some(Representation {
            encoding,
            form,
            beta,
        })
    }
}

/// A quality such as `0.5`; what is none is 1.
fn thousandths(text: &str) -> u32 {
    let Some((whole, fraction)) = text.split_once('.') else {
        return text
            .parse::<u32>()
            .map_or(1000, |whole| whole.min(1) * 1000);
    };
    let digits = format!("{fraction:0<3}");
    let fraction = digits
        .get(..3)
        .and_then(|digits| digits.parse::<u32>().ok());
    let whole = whole.parse::<u32>().unwrap_or(1);
    (whole * 1000)
        .saturating_add(fraction.unwrap_or_default())
        .min(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str) -> Option<(Encoding, Form)> {
        let found = clauses(accept).iter().find_map(Clause::representation);
        found.map(|found| (found.encoding, found.form))
    }

    #[test]
    fn the_first_that_can_be_given_is_taken_by_quality() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
        assert_eq!(
            form(&format!("{table},application/json")),
            Some((Encoding::Json, Form::Table))
        );
        assert_eq!(
            form("application/json;as=Table;v=v2;g=meta.k8s.io,application/json"),
            Some((Encoding::Json, Form::Whole))
        );
        assert_eq!(
            form("application/json;q=0.1,application/yaml;q=0.9"),
            Some((Encoding::Yaml, Form::Whole))
        );
        assert_eq!(
            form("text/html;q=1,*/*;q=0.1"),
            Some((Encoding::Json, Form::Whole))
        );
        assert_eq!(form("application/vnd.kubernetes.protobuf"), None);
    }
}

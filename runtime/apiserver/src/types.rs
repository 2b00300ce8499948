//! The types of the kinds, each read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use coracle_objects::schema::ObjectType;
use coracle_objects::{Resource, kind};

/// What is known of the types of custom kinds so far.
#[derive(Debug, Default)]
pub(crate) struct Types {
    custom: Mutex<HashMap<(&'static str, String), Arc<ObjectType>>>,
}

/// A type: of Kubernetes' own, or of a custom kind.
#[derive(Debug, Clone)]
pub enum TypeOf {
    /// It is embedded.
    BuiltIn(&'static ObjectType),
    /// It was read from the kind's definition.
    Custom(Arc<ObjectType>),
}

impl std::ops::Deref for TypeOf {
    type Target = ObjectType;

    fn deref(&self) -> &ObjectType {
        match self {
            Self::BuiltIn(object_type) => object_type,
            Self::Custom(object_type) => object_type,
        }
    }
}

impl Types {
    /// The type of a resource in one of its versions.
    pub(crate) fn of(&self, resource: &'static Resource, version: &str) -> TypeOf {
        if resource.built_in {
            let built_in = ObjectType::built_in(resource.group, version, resource.kind);
            return TypeOf::BuiltIn(built_in.unwrap_or_else(|| {
                panic!("{resource:?} is served, so its type is among the embedded ones")
            }));
        }
        let mut custom = self.custom.lock().unwrap_or_else(PoisonError::into_inner);
        let found = custom
            .entry((resource.plural, version.to_owned()))
            .or_insert_with(|| {
                let schema = kind::open_api_schema(resource);
                let schema = schema.unwrap_or_else(|| panic!("{resource:?} has no schema"));
                let read = ObjectType::custom(resource.group, version, resource.kind, &schema);
                Arc::new(read.unwrap_or_else(|error| {
                    panic!("the schema of {resource:?} is embedded, so it reads: {error}")
                }))
            });
        TypeOf::Custom(Arc::clone(found))
    }
}

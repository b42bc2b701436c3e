//! The short form in which a file lists its defects: the id, what it looks like, and what makes it.
//! What the functions named there do stands beside them.

use std::sync::Arc;

use super::{
    Accomplices, Saboteur,
    gate::{Flaw, Gate},
};

/// What a saboteur is made of, with the help of accomplices where it needs any.
pub(super) trait Makes {
    /// The saboteur.
    fn saboteur(self, accomplices: Arc<Accomplices>) -> Arc<dyn Saboteur>;
}

/// A flaw of the gateway.
impl Makes for Flaw {
    fn saboteur(self, accomplices: Arc<Accomplices>) -> Arc<dyn Saboteur> {
        Arc::new(Gate::new(accomplices, self))
    }
}

/// A saboteur that works alone.
impl Makes for Arc<dyn Saboteur> {
    fn saboteur(self, _: Arc<Accomplices>) -> Arc<dyn Saboteur> {
        self
    }
}

/// A saboteur that needs accomplices.
pub(super) struct With(pub(super) fn(Arc<Accomplices>) -> Arc<dyn Saboteur>);

impl Makes for With {
    fn saboteur(self, accomplices: Arc<Accomplices>) -> Arc<dyn Saboteur> {
        (self.0)(accomplices)
    }
}

/// The defects of a file: id, what it looks like, and what [`Makes`] it. A flaw of the gateway goes by its kind alone.
macro_rules! defects {
    ($($id:literal, $summary:literal, $made_by:expr;)*) => {
        /// The defects of this file.
        pub(crate) const DEFECTS: &[$crate::Defect] = &[$(
            $crate::Defect {
                id: $id,
                summary: $summary,
                saboteur: |accomplices| {
                    #[allow(unused_imports, reason = "most files have saboteurs of one kind only")]
                    use $crate::{gate::Flaw::*, table::With};
                    $crate::table::Makes::saboteur($made_by, accomplices)
                },
            },
        )*];
    };
}
pub(super) use defects;

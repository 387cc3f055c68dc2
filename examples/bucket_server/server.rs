//! What every request needs.

use crate::args::Limits;
use crate::body::Budget;
use crate::signature::Keys;
use crate::store::Store;
use crate::target::Naming;

pub struct Server {
    pub store: Store,
    pub keys: Keys,
    pub naming: Naming,
    pub limits: Limits,
    pub budget: Budget,
}

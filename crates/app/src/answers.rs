//! Answers given lately: the same question of the same desks is not computed twice.
//!
//! An answer is found again only for the very same desks (same data, same rules),
//! so nothing has to be invalidated; those of a changed process are dropped to
//! give their memory back.

use std::{
    any::Any,
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use eclusier_core::{Grain, ProcessId};

use crate::figures::{Seen, Selection};

/// A question: its kind, what is looked at, how finely.
pub(crate) type Question = (&'static str, Selection, Grain);

struct Kept {
    question: Question,
    desks: Vec<Seen>,
    answer: Arc<dyn Any + Send + Sync>,
}

/// Answers kept, the latest last.
#[derive(Default)]
pub(crate) struct Answers {
    kept: Mutex<VecDeque<Kept>>,
}

/// Enough for the screens of a team on a Monday morning.
const MOST: usize = 64;

impl Answers {
    fn kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The answer to this question about these very desks.
    pub(crate) fn find<T: Send + Sync + 'static>(
        &self,
        question: &Question,
        desks: &[Seen],
    ) -> Option<Arc<T>> {
        let kept = self.kept();
        let same = |k: &&Kept| {
            k.question == *question
                && k.desks.len() == desks.len()
                && k.desks.iter().zip(desks).all(|(a, b)| a == b)
        };
        kept.iter().find(same)?.answer.clone().downcast().ok()
    }

    /// Keeps an answer and gives it back.
    pub(crate) fn keep<T: Send + Sync + 'static>(
        &self,
        question: Question,
        desks: Vec<Seen>,
        answer: T,
    ) -> Arc<T> {
        let answer = Arc::new(answer);
        let mut kept = self.kept();
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(Kept { question, desks, answer: answer.clone() });
        answer
    }

    /// Drops the answers that rest on a process.
    pub(crate) fn forget(&self, process: &ProcessId) {
        self.kept().retain(|k| k.desks.iter().all(|d| d.process != *process));
    }
}

//! BPMN 2.0 diagrams: drawn from a process tree, written, read, laid out, turned into nets.
//!
//! - Computes: a process with its events, tasks, gateways and flows, and where each is drawn.
//! - Units: pixels of a screen at scale 1, y downwards, as the diagram interchange has them.
//! - Shapes: a [`ProcessTree`] or bytes in; a [`Diagram`], XML text or a [`PetriNet`] out.
//! - Errors: [`BpmnError`] when bytes are no usable diagram, [`NetError`] when a diagram has
//!   no clear meaning as a net. What was left out of a diagram is a [`Finding`].
//! - Source: OMG, Business Process Model and Notation 2.0.2 (2014), §10, §12, §13; drawings
//!   follow the habits of common modelling tools.

mod draw;
mod layout;
mod net;
mod read;
mod write;

use serde::Serialize;

pub use self::{
    draw::from_tree,
    layout::layout,
    net::NetError,
    read::{BpmnError, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read},
    write::write,
};

/// One process and its drawing.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Diagram {
    /// Identifier of the process.
    pub id: String,
    /// Its name, when it has one.
    pub name: Option<String>,
    /// Events, tasks and gateways.
    pub nodes: Vec<Node>,
    /// Sequence flows between them.
    pub flows: Vec<Flow>,
}

/// An event, a task or a gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Identifier, unique in the diagram.
    pub id: String,
    /// Its name; for a task the activity of the log.
    pub name: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Where it is drawn.
    pub bounds: Bounds,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Start event.
    Start,
    /// End event.
    End,
    /// Intermediate event: passes silently.
    Event,
    /// A step of work.
    Task(TaskKind),
    /// One way.
    Exclusive,
    /// All ways.
    Parallel,
    /// At least one way.
    Inclusive,
    /// One way, chosen by what happens first.
    EventBased,
}

/// How a task is marked; the step is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// No mark.
    #[default]
    Plain,
    /// By a person with the program.
    User,
    /// By a program.
    Service,
    /// By a person without the program.
    Manual,
    /// By a script.
    Script,
    /// By a rule.
    BusinessRule,
    /// Sends a message.
    Send,
    /// Waits for a message.
    Receive,
    /// Another process called.
    Call,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Bounds {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

/// A point of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// A sequence flow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flow {
    /// Identifier, unique in the diagram.
    pub id: String,
    /// Its name, often a condition.
    pub name: Option<String>,
    /// Number of the node it leaves.
    pub source: usize,
    /// Number of the node it enters.
    pub target: usize,
    /// From the border of one to the border of the other.
    pub waypoints: Vec<Point>,
}

/// What a diagram holds that the model does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Finding {
    /// Several processes: the one with most tasks was taken.
    OtherProcesses {
        /// Identifier of the one taken.
        kept: String,
        /// How many were left out.
        left_out: usize,
    },
    /// An event on the border of a task: it and the ways out of it are left out.
    BoundaryEvent {
        /// Identifier of the event.
        id: String,
        /// Identifier of the task.
        attached_to: String,
    },
    /// A sub-process was opened: its inside takes its place.
    SubProcess {
        /// Identifier.
        id: String,
    },
    /// A sub-process has several ends: they were joined as alternatives.
    SubProcessEnds {
        /// Identifier.
        id: String,
        /// How many.
        ends: usize,
    },
    /// A sub-process started by an event: left out.
    EventSubProcess {
        /// Identifier.
        id: String,
    },
    /// A task or sub-process marked as repeated: taken once.
    Repeated {
        /// Identifier.
        id: String,
    },
    /// Intermediate events: a case passes them without a trace.
    SilentEvents {
        /// How many.
        count: usize,
    },
    /// A task without name: a case passes it without a trace.
    UnnamedTask {
        /// Identifier.
        id: String,
    },
    /// Steps that no way from a start reaches: left out of the net.
    Unreached {
        /// Identifiers.
        ids: Vec<String>,
    },
    /// Lanes: the flow is read, who does it is not.
    Lanes {
        /// How many.
        count: usize,
    },
    /// A complex gateway: read as inclusive.
    ComplexGateway {
        /// Identifier.
        id: String,
    },
    /// No usable drawing: ours was made.
    Drawn,
}

impl Diagram {
    /// Names of the tasks, in the order of the diagram.
    pub fn activities(&self) -> impl Iterator<Item = &str> {
        self.nodes
            .iter()
            .filter(|n| matches!(n.kind, Kind::Task(_)))
            .filter_map(|n| n.name.as_deref())
    }
}

impl Kind {
    /// Width and height when nothing else is known.
    fn size(self, task_width: f64) -> (f64, f64) {
        match self {
            Self::Start | Self::End | Self::Event => (36.0, 36.0),
            Self::Task(_) => (task_width, 70.0),
            _ => (50.0, 50.0),
        }
    }
}

/// Width at which the longest name still reads: its longest word fits, on three lines at most
/// where it can.
fn task_width<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    let mut width: f64 = 100.0;
    for name in names {
        let word = name.split([' ', '-']).map(|w| w.chars().count()).max().unwrap_or(0);
        let third = name.chars().count().div_ceil(3) + 2;
        width = width.max(word.max(third) as f64 * 7.0 + 16.0);
    }
    (width.min(220.0) / 10.0).ceil() * 10.0
}

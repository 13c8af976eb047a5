//! What each process is made of: volumes, times, chances and names.
//!
//! Times and chances are orders of magnitude chosen so that the body behaves
//! like one; they are nobody's unit times.

use eclusier_core::config::{Awaited, DayCounter};

/// How a request comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Mail,
    Email,
    Online,
    Phone,
}

impl Channel {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Channel::Mail => "Courrier",
            Channel::Email => "Courriel",
            Channel::Online => "En ligne",
            Channel::Phone => "Téléphone",
        }
    }
}

#[derive(Debug)]
pub(crate) struct ChannelSpec {
    pub channel: Channel,
    /// Share of the requests.
    pub share: f64,
    /// Share settled without anyone.
    pub auto: f64,
    /// Share never taken up, closed later for want of an answer.
    pub dropped: f64,
}

#[derive(Debug)]
pub(crate) struct ProductSpec {
    pub name: &'static str,
    pub share: f64,
    /// Multiplies the time of instruction.
    pub weight: f64,
    pub urgent: bool,
    /// Own target in days; `None` takes the one of the process.
    pub target_days: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct HoldSpec {
    pub share: f64,
    pub ask: &'static str,
    pub got: &'static str,
    pub awaited: Awaited,
    pub mean_days: f64,
    /// Share of the demands that are never answered.
    pub never: f64,
}

#[derive(Debug)]
pub(crate) struct Campaign {
    /// Month and day it begins and ends, every year.
    pub from: (i8, i8),
    pub to: (i8, i8),
    pub factor: f64,
    /// What people call it.
    pub name: &'static str,
}

#[derive(Debug)]
pub(crate) struct ProcessSpec {
    pub id: &'static str,
    pub label: &'static str,
    pub code: &'static str,
    pub unit: &'static str,
    /// Requests per worked day: in a team (0 = the team does not do it) and in an office.
    pub per_day: [f64; 2],
    pub channels: &'static [ChannelSpec],
    pub products: &'static [ProductSpec],
    pub register_minutes: f64,
    pub instruct_minutes: f64,
    pub decide_minutes: f64,
    pub control_minutes: f64,
    /// Share of decisions checked by another person, and of those sent back.
    pub control: f64,
    pub reject: f64,
    pub hold: f64,
    pub holds: &'static [HoldSpec],
    /// Share of registrations sent back to the claimant as incomplete.
    pub returned: f64,
    pub refused: f64,
    pub cancelled: f64,
    pub transferred: f64,
    pub reopened: f64,
    /// Share of calls answered and settled at once.
    pub at_once: f64,
    pub months: [f64; 12],
    pub campaigns: &'static [Campaign],
    /// Growth of arrivals per year.
    pub growth: f64,
    /// Capacity over expected load; below 1 where tasks shorter than expected leave room.
    pub ratio: f64,
    pub target_days: u32,
    pub counter: DayCounter,
    pub target_share: f64,
    /// Share of the people gone over the last weeks, in the first unit.
    pub late_shortage: f64,
}

const fn way(channel: Channel, share: f64, auto: f64) -> ChannelSpec {
    ChannelSpec { channel, share, auto, dropped: 0.0 }
}

const fn product(name: &'static str, share: f64, weight: f64) -> ProductSpec {
    ProductSpec { name, share, weight, urgent: false, target_days: None }
}

const fn urgent(name: &'static str, share: f64, weight: f64, target_days: u32) -> ProductSpec {
    ProductSpec { name, share, weight, urgent: true, target_days: Some(target_days) }
}

const PIECE: HoldSpec = HoldSpec {
    share: 1.0,
    ask: "Pièce demandée",
    got: "Pièce reçue",
    awaited: Awaited::Insured,
    mean_days: 16.0,
    never: 0.07,
};

const MEDICAL: HoldSpec = HoldSpec {
    share: 1.0,
    ask: "Avis médical demandé",
    got: "Avis médical rendu",
    awaited: Awaited::OtherBody,
    mean_days: 24.0,
    never: 0.0,
};

const EMPLOYER: HoldSpec = HoldSpec {
    share: 1.0,
    ask: "Attestation employeur demandée",
    got: "Attestation employeur reçue",
    awaited: Awaited::Employer,
    mean_days: 11.0,
    never: 0.03,
};

const FLAT: [f64; 12] = [1.06, 1.02, 1.04, 1.0, 0.95, 1.02, 0.9, 0.8, 1.08, 1.07, 1.03, 0.9];

pub(crate) static RETRAITE: ProcessSpec = ProcessSpec {
    id: "retraite",
    label: "Retraite personnelle",
    code: "RP",
    unit: "Retraite",
    per_day: [3.6, 16.0],
    channels: &[
        way(Channel::Online, 0.52, 0.04),
        way(Channel::Mail, 0.41, 0.0),
        way(Channel::Email, 0.07, 0.0),
    ],
    products: &[
        product("Droit propre", 0.62, 1.0),
        product("Retraite anticipée", 0.14, 1.5),
        product("Pension de réversion", 0.18, 1.1),
        urgent("Régularisation", 0.06, 0.6, 30),
    ],
    register_minutes: 12.0,
    instruct_minutes: 115.0,
    decide_minutes: 18.0,
    control_minutes: 35.0,
    control: 0.35,
    reject: 0.09,
    hold: 0.42,
    holds: &[
        HoldSpec { share: 0.75, ..PIECE },
        HoldSpec {
            share: 0.25,
            ask: "Relevé de carrière demandé",
            got: "Relevé de carrière reçu",
            awaited: Awaited::OtherBody,
            mean_days: 30.0,
            never: 0.0,
        },
    ],
    returned: 0.04,
    refused: 0.05,
    cancelled: 0.02,
    transferred: 0.012,
    reopened: 0.035,
    at_once: 0.0,
    // Pensions start on 1 January and 1 July: people ask four to six months before.
    months: [1.12, 1.04, 1.06, 0.98, 0.9, 0.96, 0.92, 0.84, 1.14, 1.12, 1.02, 0.9],
    campaigns: &[Campaign {
        from: (9, 1),
        to: (9, 25),
        factor: 1.18,
        name: "Demandes d’été à instruire",
    }],
    growth: 0.04,
    ratio: 0.9,
    target_days: 40,
    counter: DayCounter::Worked,
    target_share: 0.85,
    late_shortage: 0.25,
};

pub(crate) static INVALIDITE: ProcessSpec = ProcessSpec {
    id: "invalidite",
    label: "Invalidité",
    code: "IV",
    unit: "Invalidité",
    per_day: [0.0, 4.0],
    channels: &[
        way(Channel::Mail, 0.63, 0.0),
        way(Channel::Online, 0.24, 0.0),
        way(Channel::Email, 0.13, 0.0),
    ],
    products: &[
        product("Pension d’invalidité", 0.55, 1.0),
        product("Révision", 0.3, 0.7),
        urgent("Allocation supplémentaire", 0.15, 0.8, 30),
    ],
    register_minutes: 10.0,
    instruct_minutes: 105.0,
    decide_minutes: 15.0,
    control_minutes: 20.0,
    control: 0.3,
    reject: 0.08,
    hold: 0.72,
    holds: &[HoldSpec { share: 0.6, ..MEDICAL }, HoldSpec { share: 0.4, ..PIECE }],
    returned: 0.03,
    refused: 0.16,
    cancelled: 0.015,
    transferred: 0.02,
    reopened: 0.05,
    at_once: 0.0,
    months: FLAT,
    campaigns: &[],
    growth: 0.02,
    ratio: 0.97,
    target_days: 45,
    counter: DayCounter::Worked,
    target_share: 0.8,
    late_shortage: 0.0,
};

pub(crate) static INDEMNITES: ProcessSpec = ProcessSpec {
    id: "indemnites-journalieres",
    label: "Indemnités journalières",
    code: "IJ",
    unit: "Indemnités journalières",
    per_day: [0.0, 58.0],
    channels: &[
        way(Channel::Online, 0.7, 0.62),
        way(Channel::Mail, 0.24, 0.05),
        way(Channel::Email, 0.06, 0.0),
    ],
    products: &[
        product("Maladie", 0.68, 1.0),
        product("Maternité et paternité", 0.16, 0.9),
        product("Accident du travail", 0.16, 1.3),
    ],
    register_minutes: 4.0,
    instruct_minutes: 30.0,
    decide_minutes: 4.0,
    control_minutes: 8.0,
    control: 0.08,
    reject: 0.1,
    hold: 0.38,
    holds: &[HoldSpec { share: 0.85, ..EMPLOYER }, HoldSpec { share: 0.15, ..PIECE }],
    returned: 0.03,
    refused: 0.06,
    cancelled: 0.01,
    transferred: 0.015,
    reopened: 0.04,
    at_once: 0.0,
    // Winter epidemics.
    months: [1.28, 1.22, 1.1, 0.98, 0.88, 0.86, 0.8, 0.74, 0.94, 1.04, 1.1, 1.14],
    campaigns: &[Campaign {
        from: (1, 6),
        to: (1, 31),
        factor: 1.15,
        name: "Pic hivernal des arrêts",
    }],
    growth: 0.05,
    ratio: 1.0,
    target_days: 25,
    counter: DayCounter::Calendar,
    target_share: 0.85,
    late_shortage: 0.2,
};

pub(crate) static SANTE: ProcessSpec = ProcessSpec {
    id: "complementaire-sante",
    label: "Complémentaire santé",
    code: "CS",
    unit: "Complémentaire santé",
    per_day: [4.4, 30.0],
    channels: &[
        way(Channel::Online, 0.55, 0.22),
        way(Channel::Mail, 0.33, 0.0),
        way(Channel::Email, 0.12, 0.0),
    ],
    products: &[
        product("Première demande", 0.44, 1.15),
        product("Renouvellement", 0.46, 0.85),
        urgent("Demande urgente", 0.1, 1.0, 5),
    ],
    register_minutes: 5.0,
    instruct_minutes: 45.0,
    decide_minutes: 8.0,
    control_minutes: 9.0,
    control: 0.1,
    reject: 0.08,
    hold: 0.34,
    holds: &[HoldSpec { mean_days: 13.0, never: 0.12, ..PIECE }],
    returned: 0.06,
    refused: 0.14,
    cancelled: 0.02,
    transferred: 0.01,
    reopened: 0.03,
    at_once: 0.0,
    months: FLAT,
    campaigns: &[
        Campaign { from: (1, 2), to: (1, 31), factor: 1.45, name: "Renouvellements de janvier" },
        Campaign { from: (9, 1), to: (9, 30), factor: 1.4, name: "Rentrée" },
    ],
    growth: 0.03,
    ratio: 0.98,
    target_days: 21,
    counter: DayCounter::Worked,
    target_share: 0.9,
    late_shortage: 0.15,
};

/// The mutual: shares of channels of the public case study of 2013.
const MUTUAL: ProcessSpec = ProcessSpec {
    id: "prise-en-charge",
    label: "Prises en charge et réclamations",
    code: "PC",
    unit: "Pôle santé",
    per_day: [5.2, 36.0],
    channels: &[
        way(Channel::Mail, 0.4515, 0.0),
        way(Channel::Email, 0.3084, 0.0),
        way(Channel::Phone, 0.2401, 0.0),
    ],
    products: &[
        urgent("Prise en charge", 0.34, 0.8, 5),
        product("Remboursement", 0.36, 1.0),
        product("Devis", 0.16, 1.1),
        ProductSpec {
            name: "Réclamation",
            share: 0.14,
            weight: 1.6,
            urgent: false,
            target_days: Some(15),
        },
    ],
    register_minutes: 4.0,
    instruct_minutes: 24.0,
    decide_minutes: 3.0,
    control_minutes: 6.0,
    control: 0.04,
    reject: 0.1,
    hold: 0.16,
    holds: &[HoldSpec { mean_days: 9.0, never: 0.1, ..PIECE }],
    returned: 0.03,
    refused: 0.07,
    cancelled: 0.01,
    transferred: 0.012,
    reopened: 0.04,
    at_once: 0.62,
    months: FLAT,
    campaigns: &[
        Campaign { from: (1, 2), to: (1, 25), factor: 1.3, name: "Changements de contrat" },
        Campaign { from: (9, 1), to: (9, 20), factor: 1.2, name: "Rentrée" },
    ],
    growth: 0.03,
    ratio: 1.01,
    target_days: 10,
    counter: DayCounter::Worked,
    target_share: 0.85,
    late_shortage: 0.0,
};

pub(crate) static PRISE_EN_CHARGE: ProcessSpec = MUTUAL;

/// The same mutual as the study describes it: few e-mails and calls get an answer.
pub(crate) static PROTELIS: ProcessSpec = ProcessSpec {
    per_day: [908.0, 908.0],
    channels: &[
        ChannelSpec { channel: Channel::Mail, share: 0.4515, auto: 0.0, dropped: 0.02 },
        ChannelSpec { channel: Channel::Email, share: 0.3084, auto: 0.0, dropped: 0.9108 },
        ChannelSpec { channel: Channel::Phone, share: 0.2401, auto: 0.0, dropped: 0.656 },
    ],
    ..MUTUAL
};

pub(crate) static RENTES: ProcessSpec = ProcessSpec {
    id: "rentes-at",
    label: "Rentes accident du travail",
    code: "RA",
    unit: "Rentes AT",
    per_day: [0.0, 2.4],
    channels: &[
        way(Channel::Mail, 0.71, 0.0),
        way(Channel::Online, 0.17, 0.0),
        way(Channel::Email, 0.12, 0.0),
    ],
    products: &[
        product("Rente", 0.58, 1.0),
        product("Indemnité en capital", 0.27, 0.7),
        product("Révision du taux", 0.15, 1.2),
    ],
    register_minutes: 10.0,
    instruct_minutes: 115.0,
    decide_minutes: 20.0,
    control_minutes: 30.0,
    control: 0.45,
    reject: 0.07,
    hold: 0.8,
    holds: &[
        HoldSpec { share: 0.65, mean_days: 32.0, ..MEDICAL },
        HoldSpec { share: 0.35, ..EMPLOYER },
    ],
    returned: 0.02,
    refused: 0.12,
    cancelled: 0.01,
    transferred: 0.03,
    reopened: 0.06,
    at_once: 0.0,
    months: FLAT,
    campaigns: &[],
    growth: 0.0,
    ratio: 0.92,
    target_days: 60,
    counter: DayCounter::Worked,
    target_share: 0.8,
    late_shortage: 0.0,
};

pub(crate) static ALL: [&ProcessSpec; 6] =
    [&RETRAITE, &INVALIDITE, &INDEMNITES, &SANTE, &PRISE_EN_CHARGE, &RENTES];

/// Names of activities, as the case tool prints them.
pub(crate) mod activity {
    pub const RECEIVED: &str = "Demande reçue";
    pub const SCANNED: &str = "Courrier numérisé";
    pub const AUTO_CHECK: &str = "Contrôles automatiques";
    pub const AUTO_SETTLED: &str = "Liquidation automatique";
    pub const CALL: &str = "Appel traité";
    pub const ANSWERED: &str = "Réponse donnée";
    pub const REGISTER: &str = "Enregistrement";
    pub const SENT_BACK: &str = "Dossier retourné à l’assuré";
    pub const COMPLETED: &str = "Dossier complété reçu";
    pub const INSTRUCT: &str = "Instruction";
    pub const REMINDER: &str = "Relance automatique";
    pub const CONTROL: &str = "Contrôle";
    pub const REJECTED: &str = "Rejet au contrôle";
    pub const SETTLED: &str = "Liquidation";
    pub const REFUSED: &str = "Refus notifié";
    pub const NOTIFIED: &str = "Notification envoyée";
    pub const CANCELLED: &str = "Demande annulée";
    pub const NO_ANSWER: &str = "Classement sans suite";
    pub const TRANSFERRED: &str = "Dossier transféré";
    pub const REOPENED: &str = "Dossier rouvert";
}

/// Extra instruction after a hold, a rejection or a reopening, as a share of the first.
pub(crate) const AFTER_HOLD: f64 = 0.45;
pub(crate) const AFTER_REJECT: f64 = 0.4;
pub(crate) const AFTER_REOPENING: f64 = 0.6;
/// A second demand for a document is rarer than the first.
pub(crate) const SECOND_HOLD: f64 = 0.3;

impl ProcessSpec {
    /// Minutes of work a request costs on average: what the staffing is made from.
    pub(crate) fn expected_minutes(&self) -> f64 {
        let weight: f64 = self.products.iter().map(|p| p.share * p.weight).sum();
        let never: f64 = self.holds.iter().map(|h| h.share * h.never).sum();
        let second = self.hold * (1.0 - never);
        // Every sitting of instruction carries the minutes of a decision, made or put off.
        let again = second * (1.0 + SECOND_HOLD * self.hold);
        let rejected = self.control * self.reject;
        let sittings = 1.0 + again + rejected + self.reopened;
        let instruct = self.instruct_minutes
            * weight
            * (1.0
                + AFTER_HOLD * again
                + AFTER_REJECT * rejected
                + AFTER_REOPENING * self.reopened)
            + sittings * self.decide_minutes;
        let decision =
            self.control * (1.0 + self.reject) * (self.control_minutes + self.decide_minutes);
        // Half of those cancelled or never completed have cost most of their work already.
        let instruct = instruct * (1.0 - 0.3 * self.cancelled);
        let worked: f64 = self
            .channels
            .iter()
            .map(|c| c.share * (1.0 - c.auto) * (1.0 - c.dropped) * self.taken_up(c))
            .sum();
        let call: f64 = self
            .channels
            .iter()
            .filter(|c| c.channel == Channel::Phone)
            .map(|c| c.share * (1.0 - c.dropped) * CALL_MINUTES)
            .sum();
        worked * (self.register_minutes + instruct + decision) + call
    }

    /// Share of the requests of a channel that go on to registration.
    fn taken_up(&self, channel: &ChannelSpec) -> f64 {
        if channel.channel == Channel::Phone { 1.0 - self.at_once } else { 1.0 }
    }
}

/// Length of a call: 5 min 25 s, as the study measured.
pub(crate) const CALL_MINUTES: f64 = 325.0 / 60.0;

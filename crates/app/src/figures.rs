//! Desks: one process folded into the table every figure is read from, kept in
//! memory until new data, new rules or another day are asked for.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use eclusier_calendar::{Calendar, Zone, date_of, day_number};
use eclusier_core::{
    DatedRules, Figure, FileKind, Grain, Period, Permission, ProcessId, ProcessRules, Snapshot,
    rights::Reach,
};
use eclusier_eventlog::Filter;
use eclusier_ledger::{
    AsOf, CaseFold, CaseTable, ClosingStats, CountsBook, Data, DimFilter, LearnedRule,
    LearningParams, LedgerQuery, LedgerRow, Meanings, Scope, View, daily_ledger, indicators,
};
use jiff::{Timestamp, civil::Date};
use tokio::sync::OnceCell;

use crate::{
    App,
    error::{AppError, AppResult},
    imports::Watch,
    small,
};

/// What a person is looking at: the same words as the URL and the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Selection {
    /// Process; all when absent.
    pub process: Option<ProcessId>,
    /// Organisations, units, products, channels.
    pub dims: DimFilter,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Day at whose end states are read.
    pub as_of: Option<Date>,
}

/// Data of a desk.
#[derive(Debug)]
pub enum Facts {
    /// Cases folded from events.
    Cases(Box<CaseTable>),
    /// Daily counts.
    Counts(CountsBook),
}

/// How open and closed are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosingKind {
    /// By configured states.
    Configured,
    /// By the rule learned from the log.
    Learned,
    /// Counts say the stock themselves.
    Counts,
}

impl ClosingKind {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            ClosingKind::Configured => "configured",
            ClosingKind::Learned => "learned",
            ClosingKind::Counts => "counts",
        }
    }
}

/// One process, ready to be measured.
#[derive(Debug)]
pub struct Desk {
    /// Process.
    pub process: ProcessId,
    /// Name shown.
    pub label: String,
    /// Dated rules.
    pub rules: Vec<DatedRules>,
    /// Its days.
    pub calendar: Arc<Calendar>,
    /// Its zone.
    pub zone: Zone,
    /// Its data.
    pub facts: Facts,
    /// The rule learned, when the states configured close nothing.
    pub learned: Option<LearnedRule>,
    /// How open and closed are told apart.
    pub closing: ClosingKind,
    /// The closing rule in words, French then English.
    pub words: [String; 2],
    /// Version read.
    pub snapshot: Snapshot,
    /// Latest datum.
    pub fresh_at: Option<Timestamp>,
}

impl Desk {
    /// The view the ledger measures.
    pub fn view(&self) -> View<'_> {
        View {
            process: self.process.as_str(),
            label: &self.label,
            rules: &self.rules,
            calendar: &self.calendar,
            data: match &self.facts {
                Facts::Cases(table) => Data::Cases(table),
                Facts::Counts(book) => Data::Counts(book),
            },
            rows: None,
        }
    }

    /// Cases, when the data know them.
    pub fn cases(&self) -> Option<&CaseTable> {
        match &self.facts {
            Facts::Cases(table) => Some(table),
            Facts::Counts(_) => None,
        }
    }

    /// Day at whose end states are read.
    pub fn as_of_day(&self) -> Option<Date> {
        self.view().last_day().map(date_of)
    }

    /// First day known.
    pub fn first_day(&self) -> Option<Date> {
        self.view().first_day().map(date_of)
    }

    /// Rules in force at the last day.
    pub fn current_rules(&self) -> ProcessRules {
        let day = self.view().last_day().unwrap_or(0);
        self.view().rules_at(day).cloned().unwrap_or_default()
    }

    /// The scope of a selection: by default the twelve months before the last day. `None`
    /// without data in the days asked.
    pub fn scope(&self, selection: &Selection) -> AppResult<Option<Scope>> {
        let (Some(first), Some(last)) = (self.first_day(), self.as_of_day()) else {
            return Ok(None);
        };
        let outside = |from: Date, to: Date| from > last || to < first;
        if outside(selection.from.unwrap_or(first), selection.to.unwrap_or(last)) {
            // Answering for the nearest days would pass for the days asked.
            return Ok(None);
        }
        let to = selection.to.unwrap_or(last).min(last);
        let year = jiff::Span::new().years(1);
        let usual = to.checked_sub(year).and_then(|d| d.tomorrow()).unwrap_or(first);
        let from = selection.from.unwrap_or(usual).max(first).min(to);
        let period = Period::new(from, to).map_err(|e| {
            AppError::invalid("from", format!("période illisible : {e}"), e.to_string())
        })?;
        let mut scope = Scope::over(period);
        scope.dims = selection.dims.clone();
        scope.perimeter = perimeter(&self.label, &selection.dims);
        scope.fresh_at = self.fresh_at;
        scope.snapshot = Some(self.snapshot.id);
        if let Some(target) = self.current_rules().target_for(None) {
            scope.counter = target.counter;
        }
        Ok(Some(scope))
    }
}

/// A desk as somebody may see it: every figure of a use case is read through one of these.
#[derive(Debug, Clone)]
pub struct Seen {
    desk: Arc<Desk>,
    reach: Reach,
}

impl std::ops::Deref for Seen {
    type Target = Desk;
    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.desk, &other.desk) && self.reach == other.reach
    }
}

impl Seen {
    /// The whole desk, rows out of reach included: for what is learned, never for what is shown.
    pub(crate) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// The view the ledger measures, without the rows out of reach.
    pub fn view(&self) -> View<'_> {
        View { rows: self.reach.rows.as_ref(), ..self.desk.view() }
    }

    /// Whether small cells must be masked.
    pub fn masked(&self) -> bool {
        self.reach.masked
    }

    /// Whether any row is in reach.
    fn has_rows(&self) -> bool {
        if self.reach.rows.is_none() {
            return true;
        }
        let (view, everything) = (self.view(), DimFilter::default());
        let kept = |values| view.keeps(&everything, values);
        match &self.facts {
            Facts::Cases(table) => table.dimension_combos().any(kept),
            Facts::Counts(book) => book.dimension_combos().any(kept),
        }
    }

    /// Distinct organisations, units, products and channels in reach, for the filters.
    pub fn dimension_values(&self) -> [Vec<String>; 4] {
        // Who sees totals only is offered no breakdown.
        if self.masked() {
            return Default::default();
        }
        let mut sets: [BTreeSet<String>; 4] = Default::default();
        let view = self.view();
        let mut add = |values: [Option<&str>; 4]| {
            if !view.keeps(&DimFilter::default(), values) {
                return;
            }
            for (set, value) in sets.iter_mut().zip(values) {
                if let Some(value) = value
                    && !set.contains(value)
                {
                    set.insert(value.to_owned());
                }
            }
        };
        match &self.facts {
            Facts::Cases(table) => table.dimension_combos().for_each(&mut add),
            Facts::Counts(book) => book.dimension_combos().for_each(&mut add),
        }
        sets.map(|s| s.into_iter().collect())
    }
}

fn perimeter(label: &str, dims: &DimFilter) -> String {
    let mut words = vec![label.to_owned()];
    for values in [&dims.org, &dims.unit, &dims.product, &dims.channel] {
        if !values.is_empty() {
            words.push(values.join(", "));
        }
    }
    words.join(" · ")
}

type Cell = Arc<OnceCell<Arc<Desk>>>;
type Key = (ProcessId, i64, String, Option<Date>);

/// Desks in memory.
#[derive(Default)]
pub(crate) struct Tables {
    cells: Mutex<HashMap<Key, Cell>>,
}

/// Desks kept per process: today's, and a few days a person goes back to.
const DESKS_PER_PROCESS: usize = 4;

impl Tables {
    fn cell(&self, key: Key) -> Cell {
        let mut cells = self.cells.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !cells.contains_key(&key) {
            let same: Vec<Key> = cells.keys().filter(|k| k.0 == key.0).cloned().collect();
            // Versions that are no longer current are never asked for again.
            for old in same.iter().filter(|k| (k.1, &k.2) != (key.1, &key.2)) {
                cells.remove(old);
            }
            if same.len() >= DESKS_PER_PROCESS
                && let Some(one) = same.into_iter().find(|k| k.3.is_some())
            {
                cells.remove(&one);
            }
        }
        cells.entry(key).or_default().clone()
    }

    pub(crate) fn forget(&self, process: &ProcessId) {
        let mut cells = self.cells.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        cells.retain(|k, _| k.0 != *process);
    }
}

impl App {
    /// The desk of a process as of a day (the extraction instant when absent), whoever asks.
    pub(crate) async fn desk(
        &self,
        process: &ProcessId,
        as_of: Option<Date>,
    ) -> AppResult<Arc<Desk>> {
        let snapshot = self.live(process).await?;
        let rules = self.dated_rules(process).await?;
        let label = self.label(process).await?;
        let stamp = serde_json::to_string(&(&rules, &label)).unwrap_or_default();
        let cell = self.inner.tables.cell((process.clone(), snapshot.id.0, stamp, as_of));
        let built = cell
            .get_or_try_init(|| async {
                self.build(process, snapshot, rules, label, as_of).await.map(Arc::new)
            })
            .await?;
        Ok(built.clone())
    }

    /// A desk under rules that are not stored: the preview of a change.
    pub(crate) async fn desk_with(
        &self,
        process: &ProcessId,
        rules: Vec<DatedRules>,
        as_of: Option<Date>,
    ) -> AppResult<Desk> {
        let snapshot = self.live(process).await?;
        let label = self.label(process).await?;
        self.build(process, snapshot, rules, label, as_of).await
    }

    /// A desk of any version under any rules.
    pub(crate) async fn build(
        &self,
        process: &ProcessId,
        snapshot: Snapshot,
        rules: Vec<DatedRules>,
        label: String,
        as_of: Option<Date>,
    ) -> AppResult<Desk> {
        let broken = |e: eclusier_calendar::CalendarError| {
            AppError::invalid("calendar", format!("calendrier inutilisable : {e}"), e.to_string())
        };
        let calendar = Arc::new(Calendar::from_dated(&rules).map_err(broken)?);
        let zone_name = rules.last().map_or("Europe/Paris", |r| r.rules.zone.as_str());
        let zone = Zone::new(zone_name).map_err(broken)?;
        let mut desk = Desk {
            process: process.clone(),
            label,
            rules,
            calendar,
            zone,
            facts: Facts::Counts(CountsBook::new([])),
            learned: None,
            closing: ClosingKind::Counts,
            words: [
                "Stock et flux lus dans les comptages livrés.".into(),
                "Stock and flow read from the counts delivered.".into(),
            ],
            fresh_at: None,
            snapshot,
        };
        let last = desk.snapshot.of_kind(FileKind::Events).filter_map(|f| f.last_us).max();
        match last {
            Some(last) => self.fold(&mut desk, last, as_of).await?,
            None => {
                let counts = self.counts_in_force(&desk.snapshot).await?;
                let until = |d: Date| as_of.is_none_or(|a| d <= a);
                let book = CountsBook::new(counts.into_iter().filter(|(_, m)| until(m.day)));
                let last = book.last_day();
                desk.fresh_at =
                    last.and_then(|d| Timestamp::from_microsecond(desk.zone.end_of_day(d)).ok());
                desk.facts = Facts::Counts(book);
            }
        }
        Ok(desk)
    }

    async fn fold(&self, desk: &mut Desk, last: i64, as_of: Option<Date>) -> AppResult<()> {
        let begun = std::time::Instant::now();
        let known = AsOf::instant(last, &desk.zone);
        let as_of = match as_of {
            Some(day) if day_number(day) < known.day => {
                AsOf::end_of_day(day_number(day), &desk.zone)
            }
            _ => known,
        };
        let watch = Watch::default();
        let everything = Filter::default;
        let rule = desk.rules.last().map(|r| r.rules.closing_rule).unwrap_or_default();
        let kernel = ClosingStats {
            zone: desk.zone.clone(),
            as_of,
            filter: everything(),
            params: LearningParams::from_rule(&rule),
        };
        // Even where closing is configured, the log says from which day its stock is known.
        let learned = self.run(desk.snapshot.clone(), everything(), kernel, &watch).await?;
        let warm_from = learned.warm_from.map(day_number);
        if Meanings::needs_learning(&desk.rules) {
            desk.learned = Some(learned);
        }
        let meanings = Meanings::new(&desk.rules, desk.learned.clone());
        desk.words = meanings.words();
        desk.closing = match desk.rules.last().map(|r| r.rules.states.says_when_closed()) {
            Some(true) => ClosingKind::Configured,
            _ => ClosingKind::Learned,
        };
        let kernel = CaseFold {
            meanings: Arc::new(meanings),
            zone: desk.zone.clone(),
            as_of,
            filter: everything(),
            warm_from,
        };
        let table = self.run(desk.snapshot.clone(), everything(), kernel, &watch).await?;
        desk.fresh_at = Timestamp::from_microsecond(as_of.us.min(last)).ok();
        desk.facts = Facts::Cases(Box::new(table));
        metrics::histogram!("eclusier_desk_fold_seconds").record(begun.elapsed());
        Ok(())
    }

    /// Folds the desks before the first person arrives.
    pub async fn warm(&self) -> AppResult<()> {
        self.desks(Permission::FiguresRead, &Selection::default()).await.map(|_| ())
    }

    /// The desk of a process, as far as a permission reaches.
    pub async fn seen(
        &self,
        permission: Permission,
        process: &ProcessId,
        as_of: Option<Date>,
    ) -> AppResult<Seen> {
        let reach = self.reach(permission, process)?;
        Ok(Seen { desk: self.desk(process, as_of).await?, reach })
    }

    /// The desks of a selection as far as a permission reaches, in order of process.
    pub async fn desks(
        &self,
        permission: Permission,
        selection: &Selection,
    ) -> AppResult<Vec<Seen>> {
        self.require(permission)?;
        let processes = match &selection.process {
            Some(one) => vec![one.clone()],
            None => self.process_ids().await?,
        };
        let mut desks = Vec::with_capacity(processes.len());
        for process in processes {
            match self.seen(permission, &process, selection.as_of).await {
                // A process whose every import was undone stays known but holds nothing.
                Ok(desk) if selection.process.is_none() && desk.snapshot.files.is_empty() => {}
                // A team that never worked on a process is not told that its stock is zero there.
                Ok(desk) if selection.process.is_none() && !desk.has_rows() => {}
                Ok(desk) => desks.push(desk),
                Err(AppError::NotFound { .. } | AppError::Forbidden(_))
                    if selection.process.is_none() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(desks)
    }

    /// The ledger of a selection.
    pub async fn ledger(
        &self,
        selection: &Selection,
        grain: Grain,
        group_by: &[eclusier_ledger::GroupBy],
    ) -> AppResult<Vec<LedgerRow>> {
        let desks = self.desks(Permission::FiguresRead, selection).await?;
        let mut query = LedgerQuery {
            grain,
            group_by: group_by.to_vec(),
            period: bounds(selection)?,
            dims: selection.dims.clone(),
        };
        let masked = desks.iter().any(Seen::masked);
        if masked {
            small::no_groups(group_by)?;
            let Some(months) = small::whole_months(&desks, selection)? else {
                return Ok(Vec::new());
            };
            (query.grain, query.period) = (Grain::Month, bounds(&months)?);
        }
        self.blocking(move || {
            let views: Vec<View<'_>> = desks.iter().map(|d| d.view()).collect();
            if !masked {
                return Ok(daily_ledger(&views, &query)?);
            }
            let mut parts = Vec::new();
            for view in views.chunks(1) {
                let mut rows = daily_ledger(view, &query)?;
                small::ledger(&mut rows);
                parts.append(&mut rows);
            }
            if !query.group_by.is_empty() {
                return Ok(parts);
            }
            let mut rows = daily_ledger(&views, &query)?;
            small::ledger(&mut rows);
            small::hide_flows(&mut rows, &mut parts);
            Ok(rows)
        })
        .await
    }

    /// The indicators of a selection, over all its processes; all of them when `ids` is empty.
    pub async fn indicators(
        &self,
        selection: &Selection,
        ids: &[String],
    ) -> AppResult<Vec<Figure>> {
        let desks = self.desks(Permission::FiguresRead, selection).await?;
        let (mut selection, ids) = (selection.clone(), ids.to_vec());
        let masked = desks.iter().any(Seen::masked);
        if masked {
            let Some(months) = small::whole_months(&desks, &selection)? else {
                return Ok(Vec::new());
            };
            selection = months;
        }
        self.blocking(move || {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let Some(scope) = crate::cases::common_scope(&desks, &selection)? else {
                return unmeasured(&desks, &selection, &ids);
            };
            let views: Vec<View<'_>> = desks.iter().map(|d| d.view()).collect();
            if !masked {
                return Ok(indicators(&views, &scope, &ids)?);
            }
            // All of them are read: some are hidden because of others.
            let mut parts = Vec::new();
            for view in views.chunks(1) {
                let mut part = indicators(view, &scope, &[])?;
                small::figures(&mut part);
                parts.push(part);
            }
            let mut all = indicators(&views, &scope, &[])?;
            small::figures(&mut all);
            small::hide_with_parts(&mut all, &parts);
            if ids.is_empty() {
                return Ok(all);
            }
            // Asked by name, in the order asked; an unknown name is refused as for anybody.
            indicators(&[], &scope, &ids)?;
            let named = |id: &&str| all.iter().find(|f| f.id == **id).cloned();
            Ok(ids.iter().filter_map(named).collect())
        })
        .await
    }
}

/// Figures of days without data: each says that it is unknown. None at all without a process.
pub(crate) fn unmeasured(
    desks: &[Seen],
    selection: &Selection,
    ids: &[&str],
) -> AppResult<Vec<Figure>> {
    let Some(day) = desks.iter().filter_map(|d| d.as_of_day()).max() else {
        return Ok(Vec::new());
    };
    let from = selection.from.or(selection.to).unwrap_or(day);
    let to = selection.to.unwrap_or(from).max(from);
    let period = Period { from, to };
    Ok(indicators(&[], &Scope::over(period), ids)?)
}

/// The period of a selection, open ends filled with the widest days.
pub(crate) fn bounds(selection: &Selection) -> AppResult<Option<Period>> {
    if selection.from.is_none() && selection.to.is_none() {
        return Ok(None);
    }
    let from = selection.from.unwrap_or(Date::MIN);
    let to = selection.to.unwrap_or(Date::MAX);
    Period::new(from, to).map(Some).map_err(|e| {
        AppError::invalid("from", "la fin précède le début de la période", e.to_string())
    })
}

//! What stands around every page: head, navigation, range and filters, the state of the data, and the foot.

use crate::answers::{Badge, Question, Status};
use crate::assets::Assets;
use crate::format::{Shown, age, clock, day, duration, plural, range};
use crate::state::{Preset, Refresh, State, Theme};

/// The pages of the navigation, and those that stand below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The incident home.
    Home,
    /// Functions.
    Functions,
    /// Findings and rules.
    Findings,
    /// Set-up.
    Setup,
    /// A page that the navigation does not name, such as a trace.
    Elsewhere,
}

/// A link with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) words: String,
    pub(crate) href: String,
    pub(crate) current: bool,
}

/// What stands around one page.
#[derive(Debug, Clone)]
pub struct Chrome {
    pub(crate) title: String,
    pub(crate) place: Place,
    pub(crate) path: String,
    pub(crate) question: Question,
    pub(crate) status: Status,
    pub(crate) slips: Vec<String>,
    pub(crate) assets: &'static Assets,
}

impl Chrome {
    /// Makes the chrome of a page at `path`.
    #[must_use]
    pub fn new(place: Place, path: &str, question: &Question, status: &Status, slips: &[String]) -> Self {
        Self {
            title: String::new(),
            place,
            path: path.to_owned(),
            question: question.clone(),
            status: status.clone(),
            slips: slips.to_vec(),
            assets: Assets::get(),
        }
    }

    pub(crate) fn titled(mut self, title: &str) -> Self {
        self.title = crate::text::cut(title, 120);
        self
    }

    fn state(&self) -> &State {
        &self.question.state
    }

    /// Returns the address of another page in this page's state.
    pub(crate) fn href(&self, path: &str) -> String {
        self.state().href(path)
    }

    fn here(&self, state: &State) -> String {
        state.href(&self.path)
    }

    pub(crate) fn nav(&self) -> Vec<Link> {
        let pages = [
            (Place::Home, "Home", "/"),
            (Place::Functions, "Functions", "/functions"),
            (Place::Findings, "Findings", "/findings"),
            (Place::Setup, "Setup", "/setup"),
        ];
        let link = |(place, words, path): (Place, &str, &str)| Link {
            words: words.to_owned(),
            href: self.href(path),
            current: place == self.place,
        };
        pages.into_iter().map(link).collect()
    }

    pub(crate) fn presets(&self) -> Vec<Link> {
        let ago = (self.state().to == crate::state::Moment::NOW)
            .then(|| self.state().from.seconds_ago())
            .flatten();
        let link = |preset: Preset| Link {
            words: preset.name().to_owned(),
            href: self.here(&self.state().last(preset)),
            current: ago == Some(preset.seconds()),
        };
        Preset::ALL.into_iter().map(link).collect()
    }

    pub(crate) fn range(&self) -> String {
        range(self.question.window.start, self.question.window.end, self.state().tz)
    }

    pub(crate) fn day(&self) -> String {
        let window = self.question.window;
        if window.length() > 86_400_000_000_000 {
            String::new()
        } else {
            day(window.end.saturating_sub(1), self.state().tz)
        }
    }

    pub(crate) fn zone(&self) -> &'static str {
        self.state().tz.name()
    }

    pub(crate) fn from(&self) -> String {
        self.state().from.shown(self.state().tz)
    }

    pub(crate) fn to(&self) -> String {
        self.state().to.shown(self.state().tz)
    }

    pub(crate) fn earlier(&self) -> String {
        self.here(&self.state().over(self.question.window.shifted(-1)))
    }

    pub(crate) fn later(&self) -> String {
        self.here(&self.state().over(self.question.window.shifted(1)))
    }

    pub(crate) fn wider(&self) -> String {
        self.here(
            &self
                .state()
                .over(self.question.window.zoomed_out(self.question.now_unix_nano)),
        )
    }

    pub(crate) fn frozen(&self) -> String {
        self.here(&self.state().over(self.question.window))
    }

    /// Returns the address that moves with the clock: this one if it does, else a window as long up to now.
    pub(crate) fn live(&self) -> String {
        let state = self.state();
        if state.to.moves() {
            return self.here(state);
        }
        let seconds = (self.question.window.length() / 1_000_000_000).max(1);
        let live = State {
            from: crate::state::Moment::ago(seconds),
            to: crate::state::Moment::NOW,
            ..state.clone()
        };
        self.here(&live)
    }

    pub(crate) fn refresh_seconds(&self) -> u32 {
        self.state().refresh.seconds()
    }

    /// Returns the choices of refresh; with none chosen, the first one is a click away.
    pub(crate) fn refreshes(&self) -> Vec<Link> {
        let link = |refresh: Refresh| Link {
            words: refresh.key().to_owned(),
            href: self.here(&self.state().refreshed(refresh)),
            current: refresh == self.state().refresh,
        };
        Refresh::ALL.into_iter().map(link).collect()
    }

    pub(crate) fn themes(&self) -> Vec<Link> {
        let link = |(theme, words): (Theme, &str)| Link {
            words: words.to_owned(),
            href: self.here(&self.state().themed(theme)),
            current: theme == self.state().theme,
        };
        Theme::ALL
            .into_iter()
            .zip(["Auto", "Light", "Dark"])
            .map(link)
            .collect()
    }

    pub(crate) fn theme(&self) -> &'static str {
        self.state().theme.key()
    }

    /// Returns the filters that are set: name, value, and the address without it.
    pub(crate) fn chips(&self) -> Vec<(&'static str, String, String)> {
        let set = self.state().filters.set();
        set.map(|(key, value)| (key, value.to_owned(), self.here(&self.state().filtered(key, ""))))
            .collect()
    }

    pub(crate) fn filter(&self, key: &str) -> &str {
        self.state().filters.get(key)
    }

    /// Returns what a form over the range must carry along, as hidden fields.
    pub(crate) fn carried_by_range(&self) -> Vec<(String, String)> {
        self.carried(|key| !["from", "to", "tz", "refresh"].contains(&key))
    }

    /// Returns what a form over the filters must carry along.
    pub(crate) fn carried_by_filters(&self) -> Vec<(String, String)> {
        self.carried(|key| ["from", "to", "tz", "refresh", "theme", "q", "account"].contains(&key))
    }

    /// Returns what the search must carry along.
    pub(crate) fn carried_by_search(&self) -> Vec<(String, String)> {
        self.carried(|key| key != "q")
    }

    fn carried(&self, keep: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let query = self.state().query();
        let pairs = url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned();
        pairs.filter(|(key, _)| keep(key)).collect()
    }

    /// Says in a line what the answer is based on.
    pub(crate) fn fresh(&self) -> Vec<Badge> {
        let tz = self.state().tz;
        let badge = |label: &str, value: String| Badge {
            label: label.to_owned(),
            value,
        };
        let now = self.question.now_unix_nano;
        let mut badges = vec![match self.status.newest_unix_nano {
            Some(newest) => badge(
                "Newest event",
                format!("{}, {} ago", clock(newest, tz), age(now.saturating_sub(newest))),
            ),
            None => badge("Newest event", "none yet".to_owned()),
        }];
        if let Some(lag) = &self.status.ingest_lag_p95_us {
            badges.push(badge("Ingest lag p95", Shown::reading(lag, |us| duration(*us)).text()));
        }
        if let Some(as_of) = self.status.as_of_unix_nano {
            badges.push(badge("As of", clock(as_of, tz)));
        }
        badges.extend(self.status.badges.iter().cloned());
        badges
    }

    pub(crate) fn read(&self) -> String {
        let files = match self.status.files_read {
            0 => String::new(),
            n => format!(" in {}", plural(n, "file", "files")),
        };
        format!(
            "Read {}{files}, {}",
            plural(self.status.rows_read, "row", "rows"),
            duration(self.status.elapsed_us).text()
        )
    }

    pub(crate) fn urgent(&self) -> Option<String> {
        (self.status.urgent_findings > 0).then(|| crate::format::group(i128::from(self.status.urgent_findings)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Window;

    fn chrome(query: &str) -> Chrome {
        let (state, _) = State::parse(query);
        let now_unix_nano = 1_795_099_920_000_000_000;
        let window = state.window(now_unix_nano).unwrap_or(Window { start: 0, end: 1 });
        let question = Question {
            state,
            window,
            now_unix_nano,
        };
        Chrome::new(Place::Functions, "/functions", &question, &Status::default(), &[])
    }

    #[test]
    fn navigation_keeps_range_filters_and_refresh() {
        let nav = chrome("from=now-6h&env=prod&refresh=30s").nav();
        assert_eq!(nav[2].href, "/findings?from=now-6h&to=now&refresh=30s&env=prod");
        assert!(nav[1].current && !nav[0].current);
    }

    #[test]
    fn links_are_frozen_or_live() {
        let chrome = chrome("from=2026-11-19T13:00Z&to=2026-11-19T13:30Z");
        assert_eq!(
            chrome.frozen(),
            "/functions?from=2026-11-19T13%3A00%3A00Z&to=2026-11-19T13%3A30%3A00Z"
        );
        assert_eq!(chrome.live(), "/functions?from=now-30m&to=now");
    }

    #[test]
    fn forms_carry_what_they_do_not_ask_for() {
        let chrome = chrome("from=now-6h&env=prod&q=x&theme=dark");
        assert_eq!(chrome.carried_by_range().len(), 3);
        assert!(chrome.carried_by_filters().iter().all(|(key, _)| key != "env"));
        assert!(chrome.carried_by_search().iter().all(|(key, _)| key != "q"));
    }

    #[test]
    fn before_the_first_event_nothing_is_claimed() {
        assert_eq!(chrome("").fresh()[0].value, "none yet");
    }
}

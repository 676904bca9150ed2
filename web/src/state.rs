//! The state of a page, which is its address: range, zone, refresh, theme and filters.
//!
//! Reading never fails as a whole: what cannot be read is left out and said in words, so that a link with a slip in it
//! still shows a page.

mod range;

use std::fmt::Write;

use chrono_tz::Tz;

pub use range::{Moment, Preset, Window};

use crate::text::{cut, percent};

/// What a page is asked for, beside its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Start of the window.
    pub from: Moment,
    /// End of the window.
    pub to: Moment,
    /// The reader's time zone.
    pub tz: Tz,
    /// How often the page asks again.
    pub refresh: Refresh,
    /// Light, dark, or as the system says.
    pub theme: Theme,
    /// What is looked at.
    pub filters: Filters,
}

/// The filters of a page; empty means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Cloud: `aws`, `gcp`, `azure`, `cloudflare`.
    pub provider: String,
    /// Account, project or subscription.
    pub account: String,
    /// Region.
    pub region: String,
    /// Environment, as the team calls it.
    pub environment: String,
    /// Service.
    pub service: String,
    /// Function.
    pub function: String,
    /// Version.
    pub version: String,
    /// Type of trigger.
    pub trigger: String,
    /// Words of a search.
    pub query: String,
}

/// The filters' names in the address, in the order in which they are written.
pub const FILTER_KEYS: [&str; 9] = [
    "provider", "account", "region", "env", "service", "fn", "version", "trigger", "q",
];

impl Filters {
    /// Returns the value of the filter that the address calls `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        match key {
            "provider" => &self.provider,
            "account" => &self.account,
            "region" => &self.region,
            "env" => &self.environment,
            "service" => &self.service,
            "fn" => &self.function,
            "version" => &self.version,
            "trigger" => &self.trigger,
            "q" => &self.query,
            _ => "",
        }
    }

    fn slot(&mut self, key: &str) -> Option<&mut String> {
        Some(match key {
            "provider" => &mut self.provider,
            "account" => &mut self.account,
            "region" => &mut self.region,
            "env" => &mut self.environment,
            "service" => &mut self.service,
            "fn" => &mut self.function,
            "version" => &mut self.version,
            "trigger" => &mut self.trigger,
            "q" => &mut self.query,
            _ => return None,
        })
    }

    /// Returns the filters that are set, with their names.
    pub fn set(&self) -> impl Iterator<Item = (&'static str, &str)> {
        FILTER_KEYS
            .into_iter()
            .map(|key| (key, self.get(key)))
            .filter(|(_, value)| !value.is_empty())
    }
}

/// How often a page asks again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Never.
    #[default]
    Off,
    /// Every 10 seconds.
    TenSeconds,
    /// Every 30 seconds.
    HalfMinute,
    /// Every minute.
    Minute,
}

impl Refresh {
    /// All choices, as the form offers them.
    pub const ALL: [Self; 4] = [Self::Off, Self::TenSeconds, Self::HalfMinute, Self::Minute];

    /// Returns the value in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::TenSeconds => "10s",
            Self::HalfMinute => "30s",
            Self::Minute => "1m",
        }
    }

    /// Returns the seconds between two questions, 0 for never.
    #[must_use]
    pub fn seconds(self) -> u32 {
        match self {
            Self::Off => 0,
            Self::TenSeconds => 10,
            Self::HalfMinute => 30,
            Self::Minute => 60,
        }
    }
}

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Returns the value in the address and of `data-theme`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Part of an address that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A moment in a form that is not known.
    #[error("`{key}={value}` is no time: write 2026-11-19T14:20, 2026-11-19T14:20Z, now, or now-1h (s, m, h, d, w)")]
    Moment {
        /// The parameter.
        key: &'static str,
        /// What it said.
        value: String,
    },
    /// The window ends before it starts.
    #[error("the range ends before it starts: `from` must be earlier than `to`")]
    Backwards,
    /// A time zone that is not in the database.
    #[error("`tz={value}` is no time zone: write a name such as Europe/Berlin or UTC")]
    Zone {
        /// What it said.
        value: String,
    },
    /// A choice that is not offered.
    #[error("`{key}={value}` is not offered: choose one of {offered}")]
    Choice {
        /// The parameter.
        key: &'static str,
        /// What it said.
        value: String,
        /// What there is to choose from.
        offered: &'static str,
    },
    /// A filter too long to mean anything.
    #[error("the filter `{key}` is longer than 1,024 bytes and was left out")]
    TooLong {
        /// The parameter.
        key: &'static str,
    },
}

impl Default for State {
    fn default() -> Self {
        Self {
            from: Moment::ago(3_600),
            to: Moment::NOW,
            tz: Tz::UTC,
            refresh: Refresh::Off,
            theme: Theme::Auto,
            filters: Filters::default(),
        }
    }
}

impl State {
    /// Reads the query of an address; beside the state, returns what could not be read.
    #[must_use]
    pub fn parse(query: &str) -> (Self, Vec<StateError>) {
        let mut state = Self::default();
        let mut errors = Vec::new();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        // Local times mean the zone of the same address, wherever it stands in it.
        for (_, value) in pairs.iter().filter(|(key, value)| key == "tz" && !value.is_empty()) {
            match value.parse() {
                Ok(tz) => state.tz = tz,
                Err(_) => errors.push(StateError::Zone { value: cut(value, 40) }),
            }
        }
        for (key, value) in &pairs {
            if let Err(error) = state.take(key, value.trim()) {
                errors.push(error);
            }
        }
        (state, errors)
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), StateError> {
        if value.is_empty() {
            return Ok(());
        }
        let moment = |key: &'static str| {
            Moment::parse(value, self.tz).ok_or_else(|| StateError::Moment {
                key,
                value: cut(value, 40),
            })
        };
        match key {
            "from" => self.from = moment("from")?,
            "to" => self.to = moment("to")?,
            "refresh" => self.refresh = choice("refresh", value, &Refresh::ALL, Refresh::key, "off, 10s, 30s, 1m")?,
            "theme" => self.theme = choice("theme", value, &Theme::ALL, Theme::key, "auto, light, dark")?,
            _ => {
                let Some(known) = FILTER_KEYS.into_iter().find(|known| *known == key) else {
                    return Ok(());
                };
                if value.len() > 1_024 {
                    return Err(StateError::TooLong { key: known });
                }
                if let Some(slot) = self.filters.slot(known) {
                    value.clone_into(slot);
                }
            }
        }
        Ok(())
    }

    /// Returns the window in nanoseconds, with `now` for what is relative.
    ///
    /// # Errors
    /// [`StateError::Backwards`] when it would end before it starts.
    pub fn window(&self, now_unix_nano: i64) -> Result<Window, StateError> {
        let window = Window {
            start: self.from.at(now_unix_nano),
            end: self.to.at(now_unix_nano),
        };
        if window.start < window.end {
            Ok(window)
        } else {
            Err(StateError::Backwards)
        }
    }

    /// Writes the query of the address, without what is as it would be anyway. Empty, or with a leading `?`.
    #[must_use]
    pub fn query(&self) -> String {
        self.query_with(&[])
    }

    /// Writes the query with further parameters behind it.
    #[must_use]
    pub fn query_with(&self, more: &[(&str, &str)]) -> String {
        let standard = Self::default();
        let mut query = String::new();
        let mut put = |key: &str, value: &str| {
            let _ = write!(
                query,
                "{}{key}={}",
                if query.is_empty() { '?' } else { '&' },
                percent(value)
            );
        };
        if self.from != standard.from || self.to != standard.to {
            put("from", &self.from.write(self.tz));
            put("to", &self.to.write(self.tz));
        }
        if self.tz != standard.tz {
            put("tz", self.tz.name());
        }
        if self.refresh != standard.refresh {
            put("refresh", self.refresh.key());
        }
        if self.theme != standard.theme {
            put("theme", self.theme.key());
        }
        for (key, value) in self.filters.set() {
            put(key, value);
        }
        for (key, value) in more {
            put(key, value);
        }
        query
    }

    /// Returns the address of `path` in this state.
    #[must_use]
    pub fn href(&self, path: &str) -> String {
        format!("{path}{}", self.query())
    }

    /// Returns the state over another window.
    #[must_use]
    pub fn over(&self, window: Window) -> Self {
        Self {
            from: Moment::absolute(window.start),
            to: Moment::absolute(window.end),
            ..self.clone()
        }
    }

    /// Returns the state over the last `preset`.
    #[must_use]
    pub fn last(&self, preset: Preset) -> Self {
        Self {
            from: Moment::ago(preset.seconds()),
            to: Moment::NOW,
            ..self.clone()
        }
    }

    /// Returns the state with one filter set to `value`; empty removes it.
    #[must_use]
    pub fn filtered(&self, key: &str, value: &str) -> Self {
        let mut state = self.clone();
        if let Some(slot) = state.filters.slot(key) {
            value.clone_into(slot);
        }
        state
    }

    /// Returns the state without any filter.
    #[must_use]
    pub fn unfiltered(&self) -> Self {
        Self {
            filters: Filters::default(),
            ..self.clone()
        }
    }

    /// Returns the state in another theme.
    #[must_use]
    pub fn themed(&self, theme: Theme) -> Self {
        Self { theme, ..self.clone() }
    }

    /// Returns the state with another refresh.
    #[must_use]
    pub fn refreshed(&self, refresh: Refresh) -> Self {
        Self {
            refresh,
            ..self.clone()
        }
    }
}

fn choice<T: Copy>(
    key: &'static str,
    value: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
    offered: &'static str,
) -> Result<T, StateError> {
    let found = all.iter().copied().find(|choice| name(*choice) == value);
    found.ok_or_else(|| StateError::Choice {
        key,
        value: cut(value, 40),
        offered,
    })
}

#[cfg(test)]
mod tests;

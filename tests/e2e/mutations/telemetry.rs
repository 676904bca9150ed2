//! Telemetry files, taken apart into records.

use std::collections::BTreeMap;
use std::path::Path;

use pennyspan_fixtures::File;
use serde_json::Value;

use super::recipes::Change;

/// Where lists of records lie in a line of a file; a line of another file is a record itself.
const LISTS: &[(&str, &[&str])] = &[
    ("otlp/traces.jsonl", &["resourceSpans", "scopeSpans", "spans"]),
    ("otlp/logs.jsonl", &["resourceLogs", "scopeLogs", "logRecords"]),
    ("otlp/metrics.jsonl", &["resourceMetrics", "scopeMetrics", "metrics"]),
    ("cloudwatch/subscription.ndjson", &["logEvents"]),
    ("aws/list-functions.json", &["Functions"]),
];

/// The files, line by line.
#[derive(Clone)]
pub struct Records(BTreeMap<String, Vec<Line>>);

#[derive(Clone)]
struct Line {
    text: String,
    value: Value,
}

/// Where a record stands: its file, its line, and the pointer within it.
#[derive(Clone, Debug)]
pub struct Place {
    file: String,
    line: usize,
    pointer: String,
}

impl Records {
    pub fn of(files: &[File]) -> Self {
        let lines = |file: &File| {
            let text = String::from_utf8(file.body.clone()).unwrap();
            let line = |text: &str| Line {
                text: text.to_owned(),
                value: serde_json::from_str(text).unwrap(),
            };
            (file.name.clone(), text.lines().map(line).collect())
        };
        Self(files.iter().map(lines).collect())
    }

    /// Lists the records of a file.
    pub fn places(&self, file: &str) -> Vec<Place> {
        let lists = LISTS
            .iter()
            .find(|(name, _)| *name == file)
            .map_or(&[][..], |(_, lists)| lists);
        let mut places = Vec::new();
        for (number, line) in self.0[file].iter().enumerate() {
            let mut pointers = vec![String::new()];
            for list in lists {
                pointers = pointers
                    .iter()
                    .flat_map(|pointer| {
                        let list = format!("{pointer}/{list}");
                        let count = line.value.pointer(&list).unwrap().as_array().unwrap().len();
                        (0..count).map(move |index| format!("{list}/{index}"))
                    })
                    .collect();
            }
            places.extend(pointers.into_iter().map(|pointer| Place {
                file: file.to_owned(),
                line: number,
                pointer,
            }));
        }
        places
    }

    pub fn get(&self, place: &Place) -> &Value {
        self.0[&place.file][place.line].value.pointer(&place.pointer).unwrap()
    }

    /// Counts how often each thing is said.
    pub fn said(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for place in self.0.keys().flat_map(|file| self.places(file)) {
            *counts.entry(said(self.get(&place))).or_default() += 1;
        }
        counts
    }

    /// Returns the records with one changed.
    pub fn mutated(&self, place: &Place, change: Change) -> Self {
        let mut mutated = self.clone();
        let lines = mutated.0.get_mut(&place.file).unwrap();
        match (change, place.pointer.rsplit_once('/')) {
            (Change::Remove, None) => {
                lines.remove(place.line);
                return mutated;
            }
            (Change::Remove, Some((list, index))) => {
                let list = lines[place.line].value.pointer_mut(list).unwrap();
                list.as_array_mut().unwrap().remove(index.parse().unwrap());
            }
            (Change::Edit(edit), _) => edit(lines[place.line].value.pointer_mut(&place.pointer).unwrap()),
        }
        let line = &mut lines[place.line];
        line.text = line.value.to_string();
        mutated
    }

    /// Returns every line twice.
    pub fn twice(&self) -> Self {
        let twice = |lines: &Vec<Line>| lines.iter().chain(lines).cloned().collect();
        let lists = |name: &str| Path::new(name).extension().is_some_and(|kind| kind == "json");
        let files = self.0.iter();
        Self(
            files
                .map(|(name, lines)| (name.clone(), if lists(name) { lines.clone() } else { twice(lines) }))
                .collect(),
        )
    }

    pub fn write(&self, folder: &Path) {
        for (name, lines) in &self.0 {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if lines.is_empty() {
                // A file without a record is none that can be understood.
                std::fs::remove_file(&path).unwrap();
                continue;
            }
            let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            std::fs::write(path, lines.join("\n") + "\n").unwrap();
        }
    }
}

/// Returns what a record is about, and which part of that it tells: two that say the same are one statement.
pub fn said(record: &Value) -> String {
    let message = record["message"].as_str();
    if let Some(text) = message.filter(|text| !text.starts_with('{')) {
        let words: Vec<&str> = text.split_whitespace().take(3).collect();
        return match words[..] {
            [kind @ ("START" | "END" | "REPORT"), "RequestId:", id] => format!("{} {id}", kind.to_lowercase()),
            _ => text.to_owned(),
        };
    }
    if let Some(json) = message {
        return serde_json::from_str(json).map_or_else(|_| json.to_owned(), |inner: Value| said(&inner));
    }
    match (record["type"].as_str(), record["record"]["requestId"].as_str()) {
        (Some(kind), Some(id)) => format!("{} {id}", kind.trim_start_matches("platform.")),
        _ => record.to_string(),
    }
}

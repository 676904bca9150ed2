//! Findings.

use super::*;

impl Fixed {
    pub(in crate::gallery) fn finding(
        &self,
        severity: Severity,
        rule: &str,
        sentence: &str,
        impact: Option<(&str, &str)>,
    ) -> FindingRow {
        FindingRow {
            fingerprint: format!("{rule}-81c0f4e2"),
            severity,
            sentence: self.name(sentence),
            rule: rule.into(),
            scope: self.name("checkout v42"),
            since_unix_nano: START + 28 * MINUTE + 41_000_000_000,
            step_verb: "Contain".into(),
            step: self.name("send alias live back to v41"),
            impact: impact.map(|(figure, words)| Impact {
                figure: figure.into(),
                words: words.into(),
            }),
            muted: None,
        }
    }

    pub(in crate::gallery) fn findings(&self) -> Vec<FindingRow> {
        let mut findings = Vec::new();
        if self.0 != Scene::Calm {
            findings.push(self.finding(
                Severity::Critical,
                "retry-amplification",
                "checkout retries every order again and again: 98 % of its attempts are retries",
                Some(("9.39", "USD per hour")),
            ));
            findings.push(self.finding(
                Severity::High,
                "error-rate",
                "checkout fails 98 % of its attempts",
                None,
            ));
        }
        findings.push(self.finding(
            Severity::Medium,
            "memory-over-provisioned",
            "thumb-make uses a third of its memory",
            Some(("109 – 145", "USD per month")),
        ));
        let mut muted = self.finding(
            Severity::Low,
            "cold-start-rate",
            "recommend starts cold too often",
            Some(("2.40", "USD per month")),
        );
        muted.muted = Some("known until 31 Dec".into());
        findings.push(muted);
        findings
    }

    pub(in crate::gallery) fn finding_answer(&self, fingerprint: &str) -> FindingAnswer {
        let step = |verb: &str, markdown: &str| RunbookStep {
            verb: verb.into(),
            markdown: self.name(markdown),
        };
        let mut row = self.finding(
            Severity::Critical,
            "retry-amplification",
            "checkout retries every order again and again: 29 attempts each, 98 % fail",
            Some(("9.39", "USD per hour")),
        );
        row.fingerprint = fingerprint.into();
        FindingAnswer {
            row,
            evaluated: Self::evaluated(),
            confidence: Confidence::High,
            confidence_because: "platform records, complete".into(),
            disproved_by: "receive counts missing, or redelivery by hand".into(),
            function: Some(FunctionId {
                provider: "aws".into(),
                function: self.name("checkout"),
                ..FunctionId::default()
            }),
            figures: vec![(
                "Risk".into(),
                Impact {
                    figure: "3,476".into(),
                    words: "orders unpaid; lost after 4 days".into(),
                },
            )],
            amount: Some(self.amount(939)),
            n_count: 110_901,
            value: "97.9 % of attempts".into(),
            threshold: "20 % and 3 × usual (default)".into(),
            runbook: vec![
                step(
                    "Confirm",
                    "Run the evidence query again. It is a storm if the last two rows fire.",
                ),
                step(
                    "Contain",
                    "**Pause the mapping** from queue orders to checkout.\n\n```sh\naws lambda update-event-source-mapping \\\n  --uuid 7d1f0c52 --no-enabled\n```\n\nUndo: the same with `--enabled`.",
                ),
                step(
                    "Diagnose",
                    "1. **The new version is broken.** v42 fails 98.2 %.\n2. **A few poison messages.** [evil](javascript:alert(1))",
                ),
                step("Fix", "Send alias `live` back to v41. <img src=x onerror=alert(1)>"),
            ],
            sql: "SELECT bin, sum(messages) FROM deliveries\nWHERE function = 'checkout' AND n < 3".into(),
            evidence: EvidenceRows {
                columns: vec!["bin".into(), "attempts".into(), "retries".into()],
                rows: vec![
                    vec![
                        Some("14:20–14:25".into()),
                        Some("2,743".into()),
                        Some(self.name("2,155")),
                    ],
                    vec![Some("14:25–14:30".into()), None, Some("7,691".into())],
                ],
            },
            course: Some(Course {
                measure: "retries, % of attempts per minute".into(),
                bins: bins(),
                unit: Unit::Percent,
                series: Series::plain("retries", self.values(floats(&rise(1, 98)))),
                limit: Some(Limit {
                    name: "threshold 20 %".into(),
                    value: 20.0,
                }),
                deployments: self.deployments(),
                exemplars: vec![Exemplar {
                    at_unix_nano: START + 40 * MINUTE,
                    value: 60.0,
                    title: "5f3c0a91d2b84e7c9a10e6b3c4d7f821".into(),
                    href: String::new(),
                }],
            }),
            exemplars: vec!["5f3c0a91d2b84e7c9a10e6b3c4d7f821".into()],
            impact_text: self.name("103,676 deliveries after the first, 8.4 s each at 1,024 MiB."),
            suppression: Suppression {
                toml: "[[suppress]]\nrule = \"retry-amplification\"\nreason = \"\"".into(),
            },
        }
    }
}

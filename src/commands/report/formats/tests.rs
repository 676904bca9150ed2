use super::*;

#[test]
fn the_documentation_lists_every_format() {
    let page = include_str!("../../../../docs/report.md");
    assert!(
        page.contains(&super::page()),
        "docs/report.md lacks this table:\n{}",
        super::page()
    );
    for format in ALL {
        assert!(
            page.contains(&format!("-o {}", format.name)),
            "no example of {}",
            format.name
        );
    }
}

use std::path::Path;

use pennyspan_analyzer::report::Place;

use super::{Places, Stated, files, open_name};

fn projects() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects")
}

#[test]
fn functions_of_real_shaped_projects_are_found_at_their_lines() {
    let places = Places::read(&projects(), &[]);
    let expected = [
        ("bakery-prod-take-order", "sam/template.yaml", 16),
        ("bakery-BakeFunction-1X2Y3Z4A5B6C", "sam/template.yaml", 29),
        ("BakeFunction", "sam/template.yaml", 29),
        ("bakery-BakeFunction-tyzXGmGvPlLS7", "sam/template.yaml", 29),
        ("bakery-dev-deliver", "sam/template.yaml", 37),
        ("florist-dev-bouquet", "serverless/serverless.yml", 9),
        ("florist-prod-watering", "serverless/serverless.yml", 13),
        ("cinema-sell-seat", "terraform/main.tf", 10),
        ("eu-print-ticket", "terraform/main.tf", 18),
        ("usher", "terraform/main.tf", 28),
        ("dim-lights", "terraform/main.tf", 33),
        ("museum-api", "workers/api/wrangler.toml", 3),
        ("museum-api-staging", "workers/api/wrangler.toml", 6),
        ("museum-api-live", "workers/api/wrangler.toml", 10),
        ("museum-edge", "workers/edge/wrangler.jsonc", 6),
        ("museum-edge-staging", "workers/edge/wrangler.jsonc", 9),
        ("images-app/ResizeImage", "azure/ResizeImage/function.json", 1),
    ];
    for (function, path, line) in expected {
        let place = Place {
            path: path.to_owned(),
            line,
        };
        assert_eq!(places.of(function), Some(place), "{function}");
    }
    for elsewhere in [
        "orders-dev",
        "Orders",
        "not-this-one",
        "florist",
        "cinema",
        "print-tickets",
        "",
    ] {
        assert_eq!(places.of(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn what_the_configuration_says_goes_first() {
    let place = Place {
        path: "src/seats.ts".to_owned(),
        line: 7,
    };
    let stated = Stated {
        function: "cinema-*".to_owned(),
        place: place.clone(),
    };
    let places = Places::read(&projects(), &[stated]);
    assert_eq!(places.of("cinema-sell-seat"), Some(place));
    assert_eq!(places.of("dim-lights").map(|place| place.line), Some(33));
}

#[test]
fn the_definition_that_leaves_least_open_stands() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    write(
        "a.tf",
        "resource \"aws_lambda_function\" \"a\" {\n  function_name = \"${var.app}-mail\"\n}\n",
    );
    write(
        "b.tf",
        "resource \"aws_lambda_function\" \"b\" {\n  function_name = \"shop-mail\"\n}\n",
    );
    write(
        "c.tf",
        "resource \"aws_lambda_function\" \"c\" {\n  function_name = \"${var.app}\"\n}\n",
    );
    let places = Places::read(place.path(), &[]);
    let path = |function: &str| places.of(function).map(|place| place.path);
    assert_eq!(path("shop-mail").as_deref(), Some("b.tf"));
    assert_eq!(path("blog-mail").as_deref(), Some("a.tf"));
    assert_eq!(path("blog"), None, "a name of variables alone names nothing");
    assert_eq!(path("c").as_deref(), Some("c.tf"), "but its label does");
}

#[test]
fn json_is_read_with_tabs_comments_and_last_commas() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    write(
        "wrangler.jsonc",
        "{\n\t// the name\n\t\"name\":\t\"tabbed\",\n\t\"vars\": {\"a\": \"x\\\" // no comment\",},\n}\n",
    );
    write(
        "app.template.json",
        "{\n\t\"Resources\": {\n\t\t\"Tabbed\": {\n\t\t\t\"Type\": \"AWS::Lambda::Function\",\n\
         \t\t\t\"Properties\": {\"FunctionName\": {\"Fn::Sub\": \"${Stage}-listed\"}}\n\t\t}\n\t}\n}\n",
    );
    let places = Places::read(place.path(), &[]);
    let line = |function: &str| places.of(function).map(|place| place.line);
    assert_eq!((line("tabbed"), line("dev-listed")), (Some(3), Some(3)));
}

#[test]
fn broken_and_endless_files_are_left_out_and_the_others_are_read() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    write("broken.tf", "resource \"aws_lambda_function\" {{{{");
    write(
        "template.yaml",
        &format!("AWS::Lambda::Function: {}", "[".repeat(100_000)),
    );
    write("wrangler.toml", "name = ");
    write("serverless.yml", "functions: *nobody");
    std::fs::create_dir(place.path().join("node_modules")).unwrap();
    write("node_modules/wrangler.toml", "name = \"fetched\"");
    std::os::unix::fs::symlink(place.path(), place.path().join("round")).unwrap();
    write(
        "good.tf",
        "resource \"aws_lambda_function\" \"good\" {\n  function_name = \"good\"\n}\n",
    );
    let places = Places::read(place.path(), &[]);
    assert_eq!(places.of("good").map(|place| place.path).as_deref(), Some("good.tf"));
    assert_eq!(places.of("fetched"), None);
    let mut few = 3;
    let first = files(place.path(), 8, &mut few);
    assert!(
        few == 0
            && first
                .iter()
                .all(|file| file.ends_with("broken.tf") || file.ends_with("good.tf")),
        "{first:?}"
    );
}

#[test]
fn variables_are_left_open_whatever_they_hold() {
    assert_eq!(open_name("a-${self:custom.stage, '${opt:x}'}-b"), "a-*-b");
    assert_eq!(open_name("plain"), "plain");
}

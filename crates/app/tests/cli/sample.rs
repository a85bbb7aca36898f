//! Sample data.

use crate::support::{Installation, on_both};

on_both! {
    fn the_sample_is_as_large_as_asked_and_can_be_used(installation: &Installation) {
        let sizes = ["--organizations", "120", "--members", "7", "--memberships", "110", "--tokens", "3"];
        let loaded = installation.run(&[&["load-sample"], &sizes[..]].concat()).success();
        assert!(loaded.err.contains("120 organizations"), "{}", loaded.err);
        let tokens: Vec<&str> = loaded.out.lines().collect();
        assert_eq!(tokens.len(), 3);

        let server = installation.serve();
        assert!(!server.greeting.contains("rbk_pat_"), "{}", server.greeting);
        let me = server.get("/api/v1/me", tokens[0]);
        assert_eq!(me.field("email"), "sample-000001@example.com");
        let mine = server.get("/api/v1/me/organizations?page_size=1000", tokens[0]);
        assert_eq!(mine.body.matches("\"title\":").count(), 110);
        let first = mine.field("name").to_owned();
        assert!(mine.body.contains("\"title\":\"Sample Organization 000001\""));
        assert!(mine.field("owner_email").starts_with("sample-000002@"), "{}", mine.body);
        let seen = server.get(&format!("/api/v1/{first}"), tokens[2]);
        assert_eq!((seen.status, seen.field("slug")), (200, "sample-organization-000001"));
    }

    fn a_second_sample_is_refused(installation: &Installation) {
        let small = ["load-sample", "--organizations", "3", "--memberships", "1", "--members", "2"];
        installation.run(&small).success();
        let complaint = installation.run(&small).failure(1);
        assert!(complaint.contains("holds a sample already"), "{complaint}");
        assert!(complaint.contains("hint:"), "{complaint}");
    }
}

//! What the services promise, whatever the store: every use case, its happy end and each refusal.
//!
//! The cases know only a [`World`](rollbook_domain::mock::World), so they run over any store. Each
//! gets an empty one. A test program says how to make a world and gets one `#[test]` a case:
//!
//! ```ignore
//! #[path = "../../domain/tests/service/mod.rs"]
//! mod service;
//!
//! mod over_my_store {
//!     pub(crate) fn run<F>(case: fn(World) -> F) -> Result<()>
//!     where F: Future<Output = Result<()>> { /* make a world, drive the future */ }
//!     crate::service::suite!(crate::over_my_store::run);
//! }
//! ```
//!
//! A case that is missing from the list below is dead code, which does not compile.

pub(crate) mod administration;
pub(crate) mod audit;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod deletion;
pub(crate) mod domain;
pub(crate) mod event;
pub(crate) mod invitation;
pub(crate) mod invitation_answer;
pub(crate) mod invitation_manage;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod member_change;
pub(crate) mod member_list;
pub(crate) mod membership;
pub(crate) mod naming;
pub(crate) mod oauth;
pub(crate) mod oauth_ask;
pub(crate) mod oauth_client;
pub(crate) mod oauth_device;
pub(crate) mod oauth_in_person;
pub(crate) mod one_role;
pub(crate) mod operator;
pub(crate) mod outbox;
pub(crate) mod password;
pub(crate) mod password_reset;
pub(crate) mod preferences;
pub(crate) mod profile;
pub(crate) mod read;
pub(crate) mod reliability;
pub(crate) mod request;
pub(crate) mod restore;
pub(crate) mod role;
pub(crate) mod service_account;
pub(crate) mod session;
pub(crate) mod subscription;
pub(crate) mod throttle;
pub(crate) mod token;
pub(crate) mod transfer;
pub(crate) mod update;
pub(crate) mod usage;
pub(crate) mod verification;
pub(crate) mod webhook;
pub(crate) mod webhook_sending;
pub(crate) mod workspace;
pub(crate) mod workspace_list;
pub(crate) mod workspace_members;

/// One `#[test]` a case, run by the function with the given absolute path; or whatever another
/// macro, whose path stands in brackets, makes of the list.
macro_rules! suite {
    ($run:path) => {
        crate::service::suite!([crate::service::tests] $run);
    };
    ([$($then:tt)+] $run:path) => {
        $($then)+! {
            $run;
            create:
                the_slug_is_made_from_the_name,
                a_taken_slug_is_numbered,
                a_chosen_slug_is_kept,
                a_chosen_slug_that_is_taken_is_refused,
                a_chosen_id_is_kept,
                an_id_is_never_used_again,
                all_fields_are_kept,
                names_may_repeat,
                the_owner_is_a_member_and_admin,
                what_was_created_can_be_read_at_once,
                the_limit_is_met_exactly,
                a_limit_of_zero_forbids_it,
                deleted_organizations_do_not_count,
                limits_are_per_owner,
                a_service_account_cannot_own,
                an_inactive_user_is_nobody,
                a_repeated_request_shows_nothing_to_who_left;
            read:
                the_owner_and_members_see_it,
                a_stranger_learns_nothing,
                a_superuser_sees_all_and_is_told_what_is_not_there,
                a_deleted_one_is_gone_for_those_who_saw_it,
                without_a_valid_credential_nobody_gets_in,
                me_is_the_caller,
                an_admin_of_one_organization_is_a_stranger_to_another;
            list:
                only_live_ones_that_the_caller_belongs_to,
                pages_follow_each_other,
                pages_survive_changes_between_them,
                offsets_and_totals,
                filters_fold_and_combine,
                what_is_listed_can_be_read,
                only_superusers_list_all,
                all_means_all_live_ones;
            update:
                every_field_can_be_set,
                what_is_kept_stays_and_what_is_cleared_goes,
                nothing_changed_is_no_change,
                a_stale_version_is_refused,
                the_seen_version_is_accepted,
                roles_decide,
                strangers_and_superusers,
                a_taken_slug_is_refused,
                its_own_slug_is_free_and_so_is_a_deleted_ones,
                a_deleted_one_cannot_change;
            transfer:
                the_heir_owns_and_the_old_owner_stays_admin,
                the_heir_keeps_other_roles,
                only_the_owner_hands_over,
                a_superuser_hands_over,
                who_is_not_a_member_cannot_own,
                only_an_active_person_can_own,
                to_the_owner_is_no_change,
                the_heirs_limit_counts,
                a_stale_version_is_refused,
                strangers_and_the_deleted;
            naming:
                a_name_can_be_one_of_its_kind,
                one_is_made_for_oneself_only,
                links_are_kept_in_their_order,
                an_update_can_hand_over,
                it_is_found_by_its_name,
                its_subscription_is_told_to_who_may_see_it,
                the_oldest_come_first,
                filters_narrow_what_one_may_see,
                a_bound_token_finds_its_own_only;
            one_role:
                a_member_gets_and_loses_one,
                nobody_gives_or_takes_beyond_their_rights,
                the_first_one_in_a_workspace_opens_it,
                roles_and_workspaces_are_found_by_their_ids_alone,
                workspaces_of_all_organizations_are_listed,
                listed_workspaces_are_narrowed,
                invitations_are_found_by_their_address,
                a_service_account_is_found_by_its_name,
                a_profile_is_changed_by_its_user_only,
                what_is_sold_may_be_used_until_it_ends;
            delete:
                it_is_invisible_at_once,
                its_slug_is_free,
                only_the_owner_deletes,
                a_superuser_deletes,
                a_stale_version_is_refused,
                strangers_and_the_deleted;
            restore:
                everything_comes_back,
                until_the_last_moment,
                too_late_at_the_boundary,
                a_taken_slug_is_numbered,
                what_lives_is_refused,
                the_owners_limit_counts,
                only_the_owner_restores,
                a_superuser_restores_for_the_owner,
                strangers_and_the_absent;
            membership:
                who_joined_last_comes_first,
                pages_follow_each_other,
                every_member_sees_members,
                strangers_see_none,
                a_user_who_is_no_member_is_not_found,
                the_last_seat_can_be_taken_and_no_more,
                nobody_joins_twice,
                nobody_joins_what_is_deleted_or_absent;
            invitation:
                all_fields_are_kept,
                without_roles_a_plain_member_is_invited_for_thirty_days,
                no_answer_holds_the_secret,
                roles_decide_who_invites,
                nobody_invites_somebody_mightier,
                unknown_and_unfitting_roles_are_refused,
                only_a_live_workspace_of_the_organization,
                redirects_lead_where_the_sender_belongs,
                a_workspace_out_of_sight_is_as_good_as_none,
                an_expiry_lies_within_a_year,
                a_member_is_not_invited_whatever_the_spelling,
                an_address_is_invited_once_an_organization,
                what_has_expired_blocks_nobody,
                a_pending_invitation_holds_a_seat,
                a_repeated_request_invites_once,
                of_many_each_is_answered,
                a_refused_one_of_many_changes_nothing,
                a_batch_has_bounds_and_one_right,
                nobody_is_invited_to_what_is_deleted;
            invitation_manage:
                the_clock_decides_what_is_pending,
                lists_have_states_and_pages,
                roles_decide_who_looks_and_manages,
                another_organizations_invitation_is_not_found,
                sent_again_it_is_the_same_with_another_secret,
                it_is_sent_again_in_another_language,
                an_expired_one_is_sent_again_if_a_seat_is_free,
                two_are_never_pending,
                what_ran_out_is_written_down_once,
                many_run_out_in_pieces,
                an_expiry_that_failed_is_written_down_later,
                an_expired_one_of_a_member_is_not_sent_again,
                nobody_sends_again_what_they_could_not_send,
                what_is_revoked_is_dead,
                a_stale_version_is_refused;
            invitation_answer:
                whoever_proves_an_address_joins_its_house_too,
                who_accepts_is_a_member,
                accepting_twice_is_accepting_once,
                only_the_invitee_answers,
                a_typed_address_proves_nothing,
                the_mailed_secret_verifies_the_address,
                the_page_knows_who_looks,
                who_signs_up_with_a_browser_has_a_session,
                the_invitee_finds_it_without_the_mail,
                what_has_expired_cannot_be_answered,
                it_can_be_accepted_until_the_last_moment,
                a_mutated_secret_is_unknown,
                a_preview_consumes_nothing,
                invitations_of_two_organizations_do_not_meet,
                who_joins_another_way_has_no_invitation,
                a_member_who_accepts_stays_what_they_are,
                the_last_seat_is_the_invitees,
                a_lowered_quota_leaves_the_seat,
                a_service_account_answers_nothing,
                nobody_accepts_into_what_is_deleted,
                who_declines_frees_the_seat,
                who_is_nobody_yet_signs_up,
                who_is_somebody_signs_in,
                a_refused_sign_up_makes_no_user,
                a_failed_answer_leaves_nothing;
            limit:
                an_organization_sends_so_many_an_hour,
                an_address_gets_so_many_a_day,
                of_many_those_beyond_are_refused,
                sending_again_counts,
                both_or_none_are_taken,
                who_may_not_takes_nothing,
                what_failed_takes_nothing,
                a_repeated_request_takes_once,
                who_is_enrolled_is_sent_nothing_beyond,
                without_limits_nothing_is_counted;
            member_change:
                roles_are_given_by_their_keys,
                nothing_changed_is_no_change_and_stale_is_refused,
                the_rest_stays_as_it_is,
                nobody_gives_what_they_lack,
                nobody_touches_who_holds_more,
                the_owner_stays_a_member_and_an_admin,
                a_removed_members_next_request_fails,
                keys_of_a_removed_member_permit_nothing,
                removing_needs_the_right_and_the_version,
                members_leave_by_themselves,
                a_user_is_taken_in_by_id_or_address,
                only_users_who_are_there_are_taken_in,
                a_user_is_taken_in_once,
                an_address_that_anybody_could_type_is_nobodys,
                members_of_others_are_out_of_reach;
            member_list:
                by_a_role_however_it_is_spelled,
                by_a_role_of_this_organization,
                by_scope_and_roles_in_workspaces,
                by_name_or_address;
            role:
                built_in_ones_come_first_and_pages_follow_each_other,
                one_is_made_and_read_by_its_key,
                keys_and_titles_are_unique,
                one_is_made_once,
                nobody_makes_one_above_themselves,
                nobody_changes_one_above_themselves,
                one_of_workspaces_stays_inside_them,
                a_change_counts_for_whoever_has_it,
                a_title_can_change_its_case_and_to_none_that_is_taken,
                built_in_ones_never_change,
                one_that_somebody_has_is_not_deleted,
                whoever_has_one_gets_the_replacement,
                in_workspaces_too,
                closed_invitations_are_not_in_the_way,
                another_organizations_is_out_of_reach;
            token:
                an_issued_token_works,
                the_secret_is_told_once,
                expiry_needs_no_sweeper,
                an_expiry_in_the_past_is_refused,
                a_revoked_token_is_dead_at_once,
                a_token_can_revoke_itself,
                a_strangers_token_is_not_found,
                lists_are_ones_own_without_the_revoked,
                the_limit_counts_usable_ones,
                a_changed_secret_is_nobody;
            usage:
                a_use_is_noted_to_the_minute,
                one_write_a_token_and_minute,
                each_use_has_its_own_minute,
                many_uses_are_all_written,
                a_refusal_is_not_a_use,
                a_failed_flush_is_kept,
                the_latest_use_wins;
            request:
                an_old_request_is_forgotten,
                many_are_forgotten_in_batches,
                a_failed_forgetting_forgets_nothing;
            operator:
                a_user_is_made,
                an_address_is_taken_whatever_its_case,
                the_first_user_is_made_once,
                nothing_is_made_beside_other_users,
                a_token_for_an_address,
                the_page_token_key_stays;
            workspace:
                its_creator_runs_it,
                all_fields_are_kept,
                a_repeated_request_makes_one,
                the_quota_is_met_exactly,
                roles_decide_who_makes_and_deletes,
                strangers_and_superusers,
                every_field_can_change_and_be_cleared,
                a_stale_version_is_refused,
                what_is_deleted_is_gone_until_it_comes_back,
                it_comes_back_until_the_last_moment,
                another_organizations_workspace_is_not_found,
                roles_in_the_workspace_decide_too,
                a_key_permits_no_more_than_its_maker_may;
            workspace_list:
                who_may_read_sees_all_and_others_their_own,
                orders_and_pages,
                filters_fold,
                mine_are_those_one_belongs_to,
                a_key_lists_what_its_maker_may_see_too,
                members_are_counted_where_one_may_see_them;
            workspace_members:
                only_members_of_the_organization_come_in,
                a_repeated_request_adds_once,
                pages_follow_each_other,
                who_manages_members,
                roles_are_replaced,
                nobody_grants_more_than_they_may,
                nobody_touches_who_may_more,
                only_roles_for_workspaces_are_given_there,
                who_is_removed_is_out_at_once,
                everybody_may_leave,
                leaving_the_organization_ends_it;
            preferences:
                what_an_organization_says_is_kept,
                every_member_reads_and_managers_write,
                a_workspace_says_where_it_differs,
                a_workspaces_are_for_those_who_see_it;
            subscription:
                a_trial_runs_out_by_itself,
                there_is_one_trial_an_owner,
                without_terms_nothing_is_limited,
                who_may_see_it,
                what_runs_can_be_canceled_once,
                only_superusers_set_the_plan,
                a_lower_quota_only_blocks_growth;
            profile:
                a_new_name_is_shown_everywhere,
                a_new_address_is_not_verified,
                a_taken_address_is_refused,
                nothing_changed_is_no_change,
                a_stale_version_is_refused,
                a_bound_token_only_looks,
                a_failed_update_leaves_nothing;
            administration:
                a_superuser_makes_people,
                a_repeated_request_makes_one_user,
                nobody_else_administers,
                users_in_the_order_of_their_ids,
                an_address_is_vouched_for,
                the_deactivated_are_nobody,
                organizations_hear_who_is_deactivated,
                an_owner_is_not_deactivated,
                who_is_absent_is_not_found,
                a_bound_token_administers_nobody;
            deletion:
                nothing_of_a_user_works_any_more,
                an_id_is_all_that_stays,
                an_address_that_is_free_again_is_another_user,
                an_owner_is_told_what_they_own,
                an_owner_decides_and_goes,
                only_a_fit_heir_inherits,
                decisions_are_about_what_one_owns_and_clear,
                a_superuser_deletes_others,
                what_a_deleted_owner_left_does_not_come_back,
                a_failed_deletion_leaves_everything,
                nobody_takes_in_who_was_deleted_meanwhile;
            service_account:
                it_is_a_member_with_its_roles,
                it_takes_a_seat,
                a_repeated_request_makes_one,
                nobody_grants_beyond_their_rights,
                who_holds_more_is_not_touched,
                a_role_that_is_not_there_is_not_granted,
                only_who_may_sees_and_changes,
                another_organization_has_no_hand_on_it,
                a_key_works_in_its_organization_only,
                a_key_follows_the_rights_of_its_maker,
                keys_of_keys_stay_behind_the_first_maker,
                a_key_does_not_end_the_membership,
                the_log_knows_programs_from_people,
                a_key_is_shown_once,
                a_revoked_key_is_dead_at_once,
                a_deleted_one_is_gone_with_its_keys,
                name_and_roles_change,
                pages_follow_each_other,
                a_failed_issue_leaves_nothing;
            audit:
                it_tells_who_did_what,
                filters_narrow_it,
                pages_lead_back_in_time,
                an_export_comes_in_pieces,
                an_untouched_log_is_whole,
                a_forged_entry_is_found,
                a_gap_is_found,
                the_operator_inspects_every_log,
                only_admins_read_it,
                what_failed_is_not_in_it;
            event:
                they_come_in_their_order_and_once,
                a_page_is_as_long_as_asked,
                a_filter_moves_past_what_it_skips,
                a_long_log_is_skipped_in_pieces,
                a_reader_begins_at_a_moment,
                another_logs_place_is_refused,
                they_are_read_by_who_reads_the_log,
                what_was_rolled_back_is_none;
            domain:
                a_domain_starts_unproven,
                what_anybody_can_have_is_refused,
                there_is_a_limit,
                a_repeated_request_adds_one,
                the_challenge_in_the_dns_proves_it,
                a_silent_dns_is_no_answer,
                one_organization_has_a_verified_domain,
                one_domain_is_primary,
                an_unproven_domain_is_of_no_use,
                only_who_may_sees_and_changes,
                who_verifies_such_an_address_joins,
                nobody_joins_by_a_mere_claim,
                without_a_seat_the_address_is_verified_all_the_same,
                who_verifies_such_an_address_is_invited,
                an_invitation_comes_before_enrollment,
                who_opens_the_door_must_be_able_to_let_in,
                a_failed_verification_leaves_nothing;
            outbox:
                a_letter_is_delivered_once,
                what_is_not_wanted_is_canceled,
                only_the_latest_secret_is_sent,
                a_busy_server_is_tried_again_for_days,
                a_refusal_for_good_is_the_end,
                a_sender_that_panics_has_failed,
                a_lost_sender_loses_nothing,
                what_takes_every_sender_with_it_ends,
                what_a_busy_store_does_not_settle_is_sent_again,
                what_cannot_be_prepared_is_in_nobodys_way,
                superusers_see_what_became_of_messages,
                nobody_else_sees_or_sends_messages,
                a_dead_letter_is_sent_again,
                dead_letters_are_sent_again_together,
                the_outbox_tells_how_full_it_is,
                what_is_over_is_forgotten_in_time;
            verification:
                the_mailed_secret_verifies,
                a_click_gives_nobody_anothers_address,
                only_the_newest_secret_works_and_for_a_day,
                another_address_makes_it_void,
                who_is_gone_has_no_address,
                who_verifies_is_taken_in_once,
                programs_have_no_mail,
                a_failed_verification_leaves_nothing;
            session:
                a_session_is_its_user,
                a_cookie_is_no_bearer_token,
                who_signs_out_is_nobody,
                a_session_ends_in_time,
                a_session_reaches_no_further_than_its_token,
                sessions_end_with_their_users,
                programs_have_no_sessions,
                sessions_are_not_among_the_tokens,
                sessions_are_forgotten_after_their_end,
                a_failed_sign_in_or_out_leaves_nothing;
            webhook:
                an_endpoint_has_a_secret_of_its_own,
                nothing_is_sent_where_only_we_can_reach,
                types_that_no_event_has_are_refused,
                there_is_a_limit,
                a_repeated_request_shows_no_secret,
                only_admins_have_webhooks,
                who_may_not_read_the_log_is_not_sent_it,
                every_field_can_change,
                enabled_again_it_begins_anew,
                a_secret_is_rotated,
                what_is_deleted_is_gone,
                a_failed_change_leaves_nothing;
            webhook_sending:
                each_event_is_told_once_and_in_order,
                who_is_slow_is_not_flooded,
                only_so_much_waits_for_an_endpoint,
                organizations_hear_of_themselves,
                what_was_rolled_back_is_not_told,
                a_disabled_endpoint_is_told_nothing,
                its_deletion_is_the_last_that_is_heard,
                a_test_is_no_event,
                deliveries_are_their_endpoints_own,
                lists_of_deliveries_are_filtered,
                a_delivery_is_replayed,
                a_stretch_of_time_is_replayed_in_pieces,
                what_failed_is_replayed;
            password:
                a_password_signs_in,
                whether_there_is_an_account_is_not_told,
                a_new_one_takes_the_current_one,
                a_new_one_ends_the_other_sessions,
                an_easy_one_is_refused,
                only_people_have_one,
                what_is_removed_opens_nothing,
                it_ends_with_its_user,
                what_was_hashed_otherwise_is_hashed_anew,
                all_browsers_are_signed_out,
                where_passwords_are_off_nobody_has_one,
                a_failed_change_leaves_nothing;
            password_reset:
                who_receives_the_mail_chooses_a_new_one,
                who_asks_learns_nothing,
                too_many_mails_are_not_sent_and_not_told,
                asking_takes_nothing_of_other_messages,
                only_the_newest_works_and_for_an_hour,
                what_changes_in_between_makes_it_void,
                an_easy_one_is_refused_and_the_way_stays_open,
                nobody_waits_in_an_account_for_its_owner,
                nobody_waits_in_an_account_for_its_invitee,
                nobody_signs_up_as_somebody_else,
                who_signs_up_may_choose_one,
                who_receives_the_mail_is_taken_in,
                the_operator_hands_a_way_out,
                a_failed_reset_leaves_nothing,
                asking_costs_what_guessing_costs;
            throttle:
                so_many_guesses_an_account,
                the_right_one_costs_nothing,
                who_was_there_before_need_not_wait,
                who_chose_a_new_one_need_not_wait,
                behind_a_proxy_nobody_was_there_before,
                so_many_guesses_an_address,
                the_current_one_is_no_easier_to_guess;
            oauth_client:
                a_client_is_made_with_what_it_needs,
                what_does_not_fit_is_refused,
                who_may_administers_clients,
                superusers_administer_those_of_the_installation,
                there_are_so_many_clients,
                a_secret_is_rotated_with_an_overlap,
                a_request_makes_one_client,
                deleting_a_client_ends_all_it_was_given,
                the_operator_administers_clients,
                a_failed_change_of_a_client_leaves_nothing;
            oauth_ask:
                who_is_asked_and_says_yes_gives_a_code,
                what_cannot_be_trusted_leads_nowhere,
                a_request_that_makes_no_sense_is_led_back,
                who_is_not_signed_in_is_asked_to,
                who_said_yes_before_is_not_asked_again,
                who_says_no_gives_nothing,
                a_client_of_an_organization_is_for_its_members,
                a_grant_is_bound_to_one_organization,
                who_came_with_a_bound_token_allows_nothing,
                only_a_browser_is_asked;
            oauth:
                a_code_becomes_tokens,
                a_code_works_once,
                a_code_is_for_who_asked,
                a_code_works_a_minute,
                a_refresh_token_is_exchanged_for_another,
                a_stolen_refresh_token_ends_the_family,
                a_refresh_token_lasts_as_long_as_it_is_used,
                scopes_are_what_a_token_may,
                a_client_acts_for_itself,
                a_client_may_no_more_than_who_made_its_secret,
                clients_prove_who_they_are,
                revoking_ends_what_hangs_on_it,
                grants_end_with_their_users,
                users_see_and_end_what_they_allowed,
                who_ends_what_they_allowed_is_asked_again,
                an_end_reaches_what_hangs_on_earlier_ends,
                introspection_tells_whom_it_concerns,
                who_the_user_is_is_told,
                keys_are_rotated,
                what_is_over_is_forgotten,
                a_failed_exchange_leaves_nothing;
            oauth_device:
                a_device_gets_tokens_when_the_user_says_yes,
                a_device_that_hurries_is_slowed_down,
                a_device_is_told_no,
                a_device_waits_ten_minutes,
                a_device_code_works_once,
                guesses_are_counted,
                a_device_of_an_organization_is_for_its_members,
                a_device_asks_for_what_there_is,
                a_device_does_not_learn_which_organizations_there_are,
                so_many_devices_an_address;
            oauth_in_person:
                a_token_leaves_nothing_that_outlives_it,
                a_token_does_not_take_the_account_over,
                a_token_ends_nothing_that_the_user_has,
                a_token_makes_no_key_that_outlives_it,
                a_token_sends_events_to_nobody_else;
            reliability:
                an_error_undoes_everything_before_it,
                a_panic_undoes_everything_before_it,
                a_failed_creation_leaves_nothing,
                a_failed_change_leaves_nothing,
                a_failed_transfer_leaves_nothing,
                a_failed_deletion_or_restoration_leaves_nothing,
                a_failed_issue_or_revocation_leaves_nothing,
                a_failed_bootstrap_leaves_nothing,
                commits_fail_as_planned;
        }
    };
}

macro_rules! tests {
    ($run:path; $($group:ident: $($case:ident),+;)+) => {
        $(mod $group {
            $(#[test]
            fn $case() {
                $run(crate::service::$group::$case).unwrap();
            })+
        })+
    };
}

/// Asserts that a result is an error of this shape.
macro_rules! assert_error {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {{
        let result = $result;
        assert!(
            matches!(&result, Err($pattern) $(if $guard)?),
            "expected {}, got {result:?}",
            stringify!($pattern $(if $guard)?),
        );
    }};
}

/// Asserts that a result is this refusal.
macro_rules! assert_refused {
    ($result:expr, $refusal:expr) => {{
        let (result, refusal) = ($result, $refusal);
        assert!(
            matches!(&result, Err(rollbook_domain::Error::Refused(it)) if *it == refusal),
            "expected {refusal:?}, got {result:?}",
        );
    }};
}

/// Asserts that a result is the denial of this action to someone who may or may not know that the
/// thing exists.
macro_rules! assert_denied {
    ($result:expr, Use($permission:ident), visible: $visible:literal) => {
        crate::service::assert_error!(
            $result,
            rollbook_domain::Error::Denied {
                action: rollbook_domain::policy::Action::Use(
                    rollbook_domain::role::Permission::$permission
                ),
                visible: $visible,
            }
        )
    };
    ($result:expr, $action:ident, visible: $visible:literal) => {
        crate::service::assert_error!(
            $result,
            rollbook_domain::Error::Denied {
                action: rollbook_domain::policy::Action::$action,
                visible: $visible,
            }
        )
    };
}

pub(crate) use {assert_denied, assert_error, assert_refused, suite, tests};

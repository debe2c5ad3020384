/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/rules.h"

#include "core/duration.h"

/* A question with all that is needed to answer it, and the newest login that counts. */
typedef struct
{
  const PgQuery        *query;
  const PgFacts        *facts;
  const PgRuleSettings *settings;
  gint64                now_us;
  gint64                login_us;
  gint                  user;
} Case;

typedef struct
{
  const char *name;
  const char *title;
  PgVerdict   verdict;
  const char *text;
  gboolean (*matches) (const Case *c);
  void (*tell) (const Case *c, GString *saw);
} Rule;

/* --- which login counts ---------------------------------------------------------------------------------------------- */

static gboolean
is_within_window (const Case *c, gint64 login_us)
{
  return login_us >= c->now_us - c->settings->window_us && login_us <= c->now_us + PG_RULES_FUTURE_SLACK_US;
}

/* A user who no longer fits in the record logged in within the window: it may be one whose logins do not count. */
static gboolean
has_unknown_user (const Case *c)
{
  const PgRecord *record = c->facts->record;

  return record->dropped_us >= c->now_us - c->settings->window_us;
}

static void
find_counting_user (Case *c)
{
  const PgRecord *record = c->facts->record;

  for (guint i = 0; i < record->n_users; i++)
    if (pg_noteset_user_counts (c->facts->notes, pg_record_user_name (record, i), record->users[i].login_us, c->now_us))
      {
        c->user = (gint) i;
        c->login_us = record->users[i].login_us;
        return;
      }
}

static void
find_newest_login (Case *c)
{
  const PgRecord *record = c->facts->record;

  c->login_us = PG_RECORD_NEVER;
  c->user = -1;
  if (record == NULL)
    return;
  if (!pg_noteset_has_user_notes (c->facts->notes, c->now_us))
    {
      c->login_us = record->newest_us;
      c->user = record->n_users > 0 ? 0 : -1;
    }
  else if (!has_unknown_user (c))
    find_counting_user (c);
  if (c->query->has_address && c->login_us <= pg_noteset_revoked_us (c->facts->notes, &c->query->address))
    c->login_us = PG_RECORD_NEVER;
  if (c->login_us == PG_RECORD_NEVER)
    c->user = -1;
}

/* --- what each rule asks, and what it tells of it -------------------------------------------------------------------- */

static gboolean
is_not_policy (G_GNUC_UNUSED const Case *c)
{
  return FALSE;
}

static void
tell_policy (G_GNUC_UNUSED const Case *c, GString *saw)
{
  g_string_append (saw, "a well-formed question");
}

static gboolean
is_not_rcpt (const Case *c)
{
  return !c->query->is_rcpt;
}

static void
tell_rcpt (const Case *c, GString *saw)
{
  g_string_append (saw, c->query->is_rcpt ? "asked at RCPT" : "asked at another state");
}

static gboolean
has_no_address (const Case *c)
{
  return !c->query->has_address;
}

static void
tell_address (const Case *c, GString *saw)
{
  char buffer[PG_ADDRESS_TEXT_MAX];

  g_string_append (saw, c->query->has_address ? pg_address_to_string (&c->query->address, buffer) : "no IP address");
}

static gboolean
has_store_problem (const Case *c)
{
  return c->facts->store_problem != NULL;
}

static void
tell_store (const Case *c, GString *saw)
{
  g_string_append (saw, c->facts->store_problem != NULL ? c->facts->store_problem : "readable, notes complete");
}

static void
tell_note (const Case *c, const PgNote *note, GString *saw)
{
  g_autofree char *target = NULL;
  g_autofree char *left = NULL;

  if (note == NULL)
    {
      g_string_append (saw, "none");
      return;
    }
  target = pg_note_target_to_string (note);
  g_string_append_printf (saw, "%s %s by %s (note %" G_GUINT64_FORMAT ")", pg_note_kind_to_string (note->kind), target, note->by,
                          note->id);
  if (note->until_us != PG_NOTE_FOREVER)
    {
      left = pg_duration_to_string (MAX (note->until_us - c->now_us, 0));
      g_string_append_printf (saw, " for another %s", left);
    }
  if (note->why[0] != '\0')
    g_string_append_printf (saw, ": %s", note->why);
}

static gboolean
is_frozen (const Case *c)
{
  return pg_noteset_freeze (c->facts->notes, c->now_us) != NULL;
}

static void
tell_freeze (const Case *c, GString *saw)
{
  tell_note (c, pg_noteset_freeze (c->facts->notes, c->now_us), saw);
}

static const PgNote *
find_note (const Case *c, PgNoteKind kind)
{
  if (!c->query->has_address)
    return NULL;
  return pg_noteset_covering (c->facts->notes, kind, &c->query->address, c->now_us);
}

static gboolean
is_denied (const Case *c)
{
  return find_note (c, PG_NOTE_DENY) != NULL;
}

static void
tell_deny (const Case *c, GString *saw)
{
  tell_note (c, find_note (c, PG_NOTE_DENY), saw);
}

static gboolean
is_allowed (const Case *c)
{
  return find_note (c, PG_NOTE_ALLOW) != NULL;
}

static void
tell_allow (const Case *c, GString *saw)
{
  tell_note (c, find_note (c, PG_NOTE_ALLOW), saw);
}

static gboolean
is_never_granted (const Case *c)
{
  return c->query->has_address && pg_netset_covers (c->settings->never, &c->query->address, NULL);
}

static void
tell_never (const Case *c, GString *saw)
{
  PgNetwork network;
  char      buffer[PG_NETWORK_TEXT_MAX];

  if (c->query->has_address && pg_netset_covers (c->settings->never, &c->query->address, &network))
    g_string_append_printf (saw, "covered by %s", pg_network_to_string (&network, buffer));
  else
    g_string_append (saw, "not covered");
}

static gboolean
has_login (const Case *c)
{
  return c->login_us != PG_RECORD_NEVER && is_within_window (c, c->login_us);
}

static void
tell_span (GString *saw, const char *before, gint64 us, const char *after)
{
  g_autofree char *text = pg_duration_to_string (us);

  g_string_append_printf (saw, "%s%s%s", before, text, after);
}

/* There is a login, and none counts. */
static void
tell_uncounted (const Case *c, GString *saw)
{
  gint64 newest_us = c->facts->record->newest_us;

  g_string_append (saw, "no login that counts: ");
  if (newest_us == PG_RECORD_NEVER)
    g_string_append (saw, "what there was lay in the future");
  else if (newest_us <= pg_noteset_revoked_us (c->facts->notes, &c->query->address))
    tell_span (saw, "the newest, ", MAX (c->now_us - newest_us, 0), " ago, was revoked; a new one permits");
  else if (has_unknown_user (c))
    g_string_append (saw, "too many users are there to know that none of them is denied or revoked");
  else
    tell_span (saw, "the newest, ", MAX (c->now_us - newest_us, 0), " ago, is of a user who is denied or revoked");
}

static void
tell_login (const Case *c, GString *saw)
{
  gint64 age_us;

  if (c->facts->record == NULL)
    {
      tell_span (saw, "no login on record; one permits for ", c->settings->window_us, "");
      return;
    }
  if (c->login_us == PG_RECORD_NEVER)
    {
      tell_uncounted (c, saw);
      return;
    }
  if (c->user >= 0)
    {
      g_autofree char *name = pg_span_escape (pg_record_user_name (c->facts->record, (guint) c->user), PG_USER_MAX);

      g_string_append_printf (saw, "%s by %s, ", pg_service_to_string (c->facts->record->users[c->user].service), name);
    }
  age_us = c->now_us - c->login_us;
  tell_span (saw, "newest login ", ABS (age_us), age_us < 0 ? " in the future" : " ago");
  tell_span (saw, ", window ", c->settings->window_us, "");
}

static gboolean
is_in_future (const Case *c)
{
  return c->login_us > c->now_us + PG_RULES_FUTURE_SLACK_US;
}

static void
tell_future (const Case *c, GString *saw)
{
  if (is_in_future (c))
    tell_span (saw, "newest login ", c->login_us - c->now_us, " in the future: the clock was stepped back");
  else
    g_string_append (saw, "no login in the future");
}

static gboolean
has_source_problem (const Case *c)
{
  return c->facts->source_problem != NULL;
}

static void
tell_source (const Case *c, GString *saw)
{
  g_string_append (saw, c->facts->source_problem != NULL ? c->facts->source_problem : "all logs are read up to their end");
}

static gboolean
is_left (G_GNUC_UNUSED const Case *c)
{
  return TRUE;
}

static void
tell_rest (G_GNUC_UNUSED const Case *c, GString *saw)
{
  g_string_append (saw, "nothing that permits");
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

#define DEFER PG_VERDICT_DEFER_IF_REJECT
#define DUNNO PG_VERDICT_DUNNO

static const Rule rules[PG_N_RULES] = {
  [PG_RULE_NOT_POLICY] = { "protocol", "not the policy protocol", DEFER, NULL, is_not_policy, tell_policy },
  [PG_RULE_NOT_RCPT] = { "state", "not at RCPT", DUNNO, NULL, is_not_rcpt, tell_rcpt },
  [PG_RULE_NO_ADDRESS] = { "address", "no client address", DUNNO, NULL, has_no_address, tell_address },
  [PG_RULE_STORE] = { "store", "store cannot be read", DEFER, "Relay permission cannot be checked now, try again later",
                      has_store_problem, tell_store },
  [PG_RULE_FROZEN] = { "frozen", "frozen", DEFER, "Relaying is suspended by the administrator, try again later", is_frozen,
                       tell_freeze },
  [PG_RULE_DENIED] = { "denied", "denied by an admin", DUNNO, NULL, is_denied, tell_deny },
  [PG_RULE_ALLOWED] = { "allowed", "allowed by an admin", PG_VERDICT_OK, NULL, is_allowed, tell_allow },
  [PG_RULE_NEVER] = { "never", "never granted", DUNNO, NULL, is_never_granted, tell_never },
  [PG_RULE_LOGIN] = { "login", "logged in within the window", PG_VERDICT_OK, NULL, has_login, tell_login },
  [PG_RULE_FUTURE] = { "future", "login in the future", DEFER, "The clock was set back, try again later", is_in_future,
                       tell_future },
  [PG_RULE_SOURCE] = { "source", "a log is behind or blind", DEFER, "Recent logins are still being read, try again later",
                       has_source_problem, tell_source },
  [PG_RULE_NO_LOGIN] = { "no-login", "nothing permits", DUNNO, NULL, is_left, tell_rest },
};

PgVerdict
pg_rule_verdict (PgRule rule)
{
  return rules[rule].verdict;
}

const char *
pg_rule_name (PgRule rule)
{
  return rule >= PG_RULE_NOT_POLICY && rule < PG_N_RULES ? rules[rule].name : "?";
}

static Case
make_case (const PgQuery *query, const PgFacts *facts, const PgRuleSettings *settings, gint64 now_us)
{
  Case c = { .query = query, .facts = facts, .settings = settings, .now_us = now_us };

  find_newest_login (&c);
  return c;
}

static gboolean
wants_reject (const Case *c, PgRule rule)
{
  return rule == PG_RULE_NO_LOGIN && c->settings->reject != NULL && pg_span_is (c->query->context, PG_RULES_REJECT_CONTEXT);
}

static PgVerdict
verdict_of (const Case *c, PgRule rule)
{
  return wants_reject (c, rule) ? PG_VERDICT_REJECT : rules[rule].verdict;
}

void
pg_rules_decide (const PgQuery *query, const PgFacts *facts, const PgRuleSettings *settings, gint64 now_us, PgDecision *out)
{
  Case   c = make_case (query, facts, settings, now_us);
  PgRule rule = PG_RULE_NOT_POLICY;

  while (!rules[rule].matches (&c))
    rule++;
  *out = (PgDecision){
    .verdict = verdict_of (&c, rule),
    .rule = rule,
    .text = wants_reject (&c, rule) ? settings->reject : rules[rule].text,
    .login_us = c.login_us,
    .user = c.user,
  };
}

void
pg_rules_explain (const PgQuery *query, const PgFacts *facts, const PgRuleSettings *settings, gint64 now_us,
                  PgRuleStep steps[PG_N_RULES - 1])
{
  Case     c = make_case (query, facts, settings, now_us);
  gboolean decided = FALSE;

  for (PgRule rule = PG_RULE_NOT_POLICY; rule < PG_N_RULES; rule++)
    {
      GString *saw = g_string_new (NULL);
      gboolean matches = rules[rule].matches (&c);

      rules[rule].tell (&c, saw);
      steps[rule - 1] = (PgRuleStep){
        .rule = rule,
        .title = rules[rule].title,
        .verdict = verdict_of (&c, rule),
        .matches = matches,
        .decides = matches && !decided,
        .saw = g_string_free (saw, FALSE),
      };
      decided = decided || matches;
    }
}

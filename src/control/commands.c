/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/commands.h"

#include "control/listing.h"
#include "core/duration.h"
#include "core/error.h"

#include <string.h>
#include <unistd.h>

struct _PgAnswer
{
  GQueue     messages; /* of JsonObject */
  PgListing *listing;  /* rows that are made as they are asked for */
  gboolean   needs_commit;
};

/* What a command is: looks at the store, looks at the daemon, or changes something. */
typedef enum
{
  LOOK,
  ASK_DAEMON,
  CHANGE,
} Nature;

typedef struct
{
  const char *name;
  Nature      nature;
  void (*run) (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
} Command;

/* --- answers --------------------------------------------------------------------------------------------------------- */

static void
add_row (PgAnswer *answer, JsonObject *row)
{
  g_queue_push_tail (&answer->messages, pg_message_new_row (row));
}

static void
add_exit (PgAnswer *answer, PgExit code)
{
  g_queue_push_tail (&answer->messages, pg_message_new_exit (code, NULL));
}

static void
add_failure (PgAnswer *answer, PgExit code, const char *error)
{
  g_queue_push_tail (&answer->messages, pg_message_new_exit (code, error));
}

/* Takes @error. What was asked wrongly is the asker's matter, all else ours. */
static void
add_error (PgAnswer *answer, GError *error)
{
  gboolean is_usage = g_error_matches (error, PG_ERROR, PG_ERROR_VALUE) || g_error_matches (error, PG_ERROR, PG_ERROR_SYNTAX);

  add_failure (answer, is_usage ? PG_EXIT_USAGE : PG_EXIT_FAILED, error->message);
  g_error_free (error);
}

static void
clear_messages (PgAnswer *self)
{
  JsonObject *message;

  while ((message = g_queue_pop_head (&self->messages)) != NULL)
    json_object_unref (message);
}

void
pg_answer_free (PgAnswer *self)
{
  if (self == NULL)
    return;
  clear_messages (self);
  pg_listing_free (self->listing);
  g_free (self);
}

gboolean
pg_answer_needs_commit (const PgAnswer *self)
{
  return self->needs_commit;
}

void
pg_answer_fail (PgAnswer *self, const char *error)
{
  clear_messages (self);
  add_failure (self, PG_EXIT_FAILED, error);
}

/* NULL: nothing for now. */
static JsonObject *
next_listed (PgAnswer *self)
{
  GError       *error = NULL;
  JsonObject   *row;
  PgListingStep step = pg_listing_next (self->listing, &row, &error);

  if (step == PG_LISTING_ROW)
    return pg_message_new_row (row);
  if (step == PG_LISTING_MORE)
    return NULL;
  g_clear_pointer (&self->listing, pg_listing_free);
  if (step == PG_LISTING_FAILED)
    add_error (self, error);
  else
    add_exit (self, PG_EXIT_OK);
  return NULL;
}

gboolean
pg_answer_next (PgAnswer *self, JsonObject **out)
{
  *out = self->listing != NULL ? next_listed (self) : g_queue_pop_head (&self->messages);
  return *out != NULL || self->listing != NULL || !g_queue_is_empty (&self->messages);
}

/* --- check, explain -------------------------------------------------------------------------------------------------- */

static gboolean
read_query (JsonObject *request, PgQuery *out, GError **error)
{
  const char *address = pg_message_get_string (request, "address");
  const char *sender = pg_message_get_string (request, "sender");

  *out = (PgQuery){ .is_rcpt = TRUE, .has_address = TRUE };
  if (sender != NULL)
    out->sender = pg_span_from_string (sender);
  if (address != NULL && pg_address_parse (pg_span_from_string (address), &out->address))
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "\"%s\": expected an IP address", address != NULL ? address : "");
  return FALSE;
}

/* Where the verdict is a matter of our own troubles, nobody can tell whether the address might relay. */
static PgExit
exit_of (const PgDecision *decision)
{
  if (decision->verdict == PG_VERDICT_OK)
    return PG_EXIT_OK;
  if (decision->rule == PG_RULE_STORE || decision->rule == PG_RULE_SOURCE || decision->rule == PG_RULE_FUTURE)
    return PG_EXIT_FAILED;
  return PG_EXIT_NO;
}

static void
describe_login (const PgCommandHost *host, const PgFinding *finding, JsonObject *row)
{
  const PgDecision   *decision = &finding->decision;
  const PgRecordUser *user;

  pg_message_set_time (row, "login", decision->login_us);
  pg_message_set_time (row, "until",
                       decision->login_us != PG_RECORD_NEVER ? decision->login_us + pg_engine_config (host->engine)->window_us
                                                             : PG_RECORD_NEVER);
  if (!finding->has_record || decision->user < 0 || decision->login_us == PG_RECORD_NEVER)
    return;
  user = &finding->record.users[decision->user];
  pg_message_set_text (row, "user", pg_record_user_name (&finding->record, (guint) decision->user));
  json_object_set_string_member (row, "service", pg_service_to_string (user->service));
  json_object_set_string_member (row, "server", pg_server_to_string (user->server));
}

static gboolean
has_daemon (const PgCommandHost *host)
{
  return host->describe != NULL;
}

/* Where nothing permits, what there is of a login says most. */
static const char *
tell_why (const PgDecision *decision, const PgRuleStep *steps)
{
  return steps[(decision->rule == PG_RULE_NO_LOGIN ? PG_RULE_LOGIN : decision->rule) - 1].saw;
}

static JsonObject *
describe_finding (const PgCommandHost *host, const PgQuery *query, const PgFinding *finding, const PgRuleStep *steps)
{
  JsonObject       *row = json_object_new ();
  const PgDecision *decision = &finding->decision;
  char              address[PG_ADDRESS_TEXT_MAX];

  json_object_set_string_member (row, "address", pg_address_to_string (&query->address, address));
  json_object_set_boolean_member (row, "daemon", has_daemon (host));
  json_object_set_boolean_member (row, "may_relay", decision->verdict == PG_VERDICT_OK);
  json_object_set_string_member (row, "verdict", pg_verdict_to_string (decision->verdict));
  json_object_set_int_member (row, "rule", (gint64) decision->rule);
  json_object_set_string_member (row, "reason", pg_rule_name (decision->rule));
  pg_message_set_text (row, "why", pg_span_from_string (tell_why (decision, steps)));
  describe_login (host, finding, row);
  return row;
}

/* Without a daemon nobody reads the logs. */
static const char *
tell_saw (const PgCommandHost *host, const PgRuleStep *step)
{
  return step->rule == PG_RULE_SOURCE && !has_daemon (host) ? "not known: popgated does not run" : step->saw;
}

static JsonArray *
describe_steps (const PgCommandHost *host, const PgRuleStep *steps)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < PG_N_RULES - 1; i++)
    {
      JsonObject *step = json_object_new ();

      json_object_set_int_member (step, "rule", (gint64) steps[i].rule);
      json_object_set_string_member (step, "reason", pg_rule_name (steps[i].rule));
      json_object_set_string_member (step, "title", steps[i].title);
      json_object_set_string_member (step, "verdict", pg_verdict_to_string (steps[i].verdict));
      json_object_set_boolean_member (step, "matches", steps[i].matches);
      json_object_set_boolean_member (step, "decides", steps[i].decides);
      pg_message_set_text (step, "saw", pg_span_from_string (tell_saw (host, &steps[i])));
      json_array_add_object_element (array, step);
    }
  return array;
}

static JsonArray *
describe_users (const PgFinding *finding)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; finding->has_record && i < finding->record.n_users; i++)
    {
      const PgRecordUser *user = &finding->record.users[i];
      JsonObject         *login = json_object_new ();

      pg_message_set_text (login, "user", pg_record_user_name (&finding->record, i));
      pg_message_set_time (login, "time", user->login_us);
      json_object_set_string_member (login, "service", pg_service_to_string (user->service));
      json_object_set_string_member (login, "server", pg_server_to_string (user->server));
      json_array_add_object_element (array, login);
    }
  return array;
}

static void
find_out (const PgCommandHost *host, JsonObject *request, PgAnswer *answer, gboolean in_full)
{
  GError     *error = NULL;
  PgRuleStep  steps[PG_N_RULES - 1];
  PgQuery     query;
  PgFinding   finding;
  JsonObject *row;

  if (!read_query (request, &query, &error))
    {
      add_error (answer, error);
      return;
    }
  pg_engine_explain (host->engine, &query, host->now_us, &finding, steps);
  row = describe_finding (host, &query, &finding, steps);
  if (in_full)
    {
      json_object_set_array_member (row, "steps", describe_steps (host, steps));
      json_object_set_array_member (row, "logins", describe_users (&finding));
    }
  for (guint i = 0; i < PG_N_RULES - 1; i++)
    g_free (steps[i].saw);
  add_row (answer, row);
  add_exit (answer, exit_of (&finding.decision));
}

static void
run_check (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  find_out (host, request, answer, FALSE);
}

static void
run_explain (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  find_out (host, request, answer, TRUE);
}

static void
run_list (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;

  answer->listing = pg_listing_new (host->engine, request, host->now_us, &error);
  if (answer->listing == NULL)
    add_error (answer, error);
}

/* --- notes ----------------------------------------------------------------------------------------------------------- */

static JsonObject *
describe_note (const PgNote *note, gint64 now_us)
{
  JsonObject      *row = json_object_new ();
  g_autofree char *target = pg_note_target_to_string (note);

  json_object_set_int_member (row, "note", (gint64) note->id);
  json_object_set_string_member (row, "kind", pg_note_kind_to_string (note->kind));
  pg_message_set_text (row, "target", pg_span_from_string (target));
  pg_message_set_text (row, "by", pg_span_from_string (note->by));
  pg_message_set_time (row, "made", note->made_us);
  pg_message_set_time (row, "until", note->until_us);
  json_object_set_boolean_member (row, "in_force", now_us < note->until_us);
  pg_message_set_text (row, "why", pg_span_from_string (note->why));
  return row;
}

static gboolean
copy_text (char *out, gsize size, const char *text, const char *what, GError **error)
{
  if (text == NULL)
    text = "";
  if (strlen (text) >= size)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "%s: expected at most %zu bytes", what, size - 1);
      return FALSE;
    }
  g_strlcpy (out, text, size);
  return TRUE;
}

/* A note of @kind as the request wants it, its target not yet set. */
static gboolean
fill_note (const PgCommandHost *host, JsonObject *request, PgNoteKind kind, PgNote *out, GError **error)
{
  gint64 for_s = pg_message_get_int (request, "for", 0);

  *out = (PgNote){ .kind = kind, .made_us = host->now_us, .until_us = PG_NOTE_FOREVER };
  if (for_s < 0 || for_s > 100 * 366 * (PG_DAY / PG_SECOND))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, "--for: expected a duration of up to 100 years");
      return FALSE;
    }
  if (for_s > 0)
    out->until_us = host->now_us + for_s * PG_SECOND;
  g_strlcpy (out->by, host->by, sizeof out->by);
  return copy_text (out->why, sizeof out->why, pg_message_get_string (request, "why"), "--why", error);
}

static gboolean
set_target (JsonObject *request, PgNote *note, GError **error)
{
  const char *target = pg_message_get_string (request, "target");

  return pg_note_set_target (note, pg_span_from_string (target != NULL ? target : ""), error);
}

static void
add_note (const PgCommandHost *host, PgNote *note, PgAnswer *answer)
{
  GError *error = NULL;

  if (!pg_engine_add_note (host->engine, note, &error))
    {
      add_error (answer, error);
      return;
    }
  answer->needs_commit = TRUE;
  add_row (answer, describe_note (note, host->now_us));
  add_exit (answer, PG_EXIT_OK);
}

static void
run_allow (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;
  PgNote  note;

  if (fill_note (host, request, PG_NOTE_ALLOW, &note, &error) && set_target (request, &note, &error)
      && note.target != PG_NOTE_NETWORK)
    g_set_error_literal (&error, PG_ERROR, PG_ERROR_VALUE, "allow: expected an address or a network: users log in");
  if (error != NULL)
    add_error (answer, error);
  else
    add_note (host, &note, answer);
}

static void
run_deny (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;
  PgNote  note;

  if (fill_note (host, request, PG_NOTE_DENY, &note, &error) && set_target (request, &note, &error))
    add_note (host, &note, answer);
  else
    add_error (answer, error);
}

/* A revoke covers what a login from the address has granted: with ipv6_prefix, its whole network. */
static void
run_revoke (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;
  PgNote  note;

  if (!fill_note (host, request, PG_NOTE_REVOKE, &note, &error) || !set_target (request, &note, &error))
    {
      add_error (answer, error);
      return;
    }
  if (note.target == PG_NOTE_NETWORK && note.network.prefix == 128)
    note.network = pg_engine_grant_network (host->engine, &note.network.base);
  add_note (host, &note, answer);
}

static void
run_freeze (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;
  PgNote  note;

  if (fill_note (host, request, PG_NOTE_FREEZE, &note, &error))
    add_note (host, &note, answer);
  else
    add_error (answer, error);
}

static void
forget (const PgCommandHost *host, guint64 id, PgAnswer *answer)
{
  const PgNote *note = pg_noteset_get (pg_engine_notes (host->engine), id);
  JsonObject   *row = note != NULL ? describe_note (note, host->now_us) : NULL;
  GError       *error = NULL;

  if (pg_engine_forget_note (host->engine, id, &error))
    {
      answer->needs_commit = TRUE;
      add_row (answer, g_steal_pointer (&row));
      add_exit (answer, PG_EXIT_OK);
    }
  else
    add_error (answer, error);
  g_clear_pointer (&row, json_object_unref);
}

static void
run_forget (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  gint64 id = pg_message_get_int (request, "note", 0);

  if (id > 0)
    forget (host, (guint64) id, answer);
  else
    add_failure (answer, PG_EXIT_USAGE, "forget: expected the number of a note, as popgate status lists them");
}

static void
run_thaw (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  PgNote        like = { .kind = PG_NOTE_FREEZE, .target = PG_NOTE_ALL };
  const PgNote *note = pg_noteset_find (pg_engine_notes (host->engine), PG_NOTE_FREEZE, &like);

  if (note != NULL)
    forget (host, note->id, answer);
  else
    add_exit (answer, PG_EXIT_OK); /* it is as it was wished */
}

/* --- the daemon ------------------------------------------------------------------------------------------------------ */

static JsonObject *
describe_store (PgEngine *engine)
{
  JsonObject *row = json_object_new ();
  PgStore    *store = pg_engine_store (engine);
  const char *problem = pg_engine_problem (engine);

  json_object_set_string_member (row, "path", pg_store_path (store));
  if (problem != NULL)
    pg_message_set_text (row, "problem", pg_span_from_string (problem));
  else
    json_object_set_null_member (row, "problem");
  json_object_set_int_member (row, "grants", (gint64) pg_store_n_grants (store));
  return row;
}

static JsonArray *
describe_notes (PgEngine *engine, gint64 now_us)
{
  JsonArray *array = json_array_new ();
  g_autoptr (GPtrArray) notes = pg_noteset_list (pg_engine_notes (engine));

  for (guint i = 0; i < notes->len; i++)
    json_array_add_object_element (array, describe_note (g_ptr_array_index (notes, i), now_us));
  return array;
}

static JsonObject *
describe_counters (PgEngine *engine)
{
  const PgEngineCounters *counters = pg_engine_counters (engine);
  JsonObject             *row = json_object_new ();

  for (PgRule rule = PG_RULE_NOT_RCPT; rule < PG_N_RULES; rule++)
    json_object_set_int_member (row, pg_rule_name (rule), (gint64) counters->decisions[rule]);
  return row;
}

static JsonObject *
describe_logins (PgEngine *engine)
{
  static const char *const names[PG_N_LOGIN_FATES] = {
    [PG_LOGIN_FAILED] = "failed",
    [PG_LOGIN_REFUSED] = "refused",
    [PG_LOGIN_KEPT] = "kept",
    [PG_LOGIN_GRANTED] = "granted",
  };
  const PgEngineCounters *counters = pg_engine_counters (engine);
  JsonObject             *row = json_object_new ();

  for (guint fate = 0; fate < PG_N_LOGIN_FATES; fate++)
    json_object_set_int_member (row, names[fate], (gint64) counters->logins[fate]);
  return row;
}

static void
run_status (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  JsonObject   *row = json_object_new ();
  const PgNote *freeze = pg_noteset_freeze (pg_engine_notes (host->engine), host->now_us);
  const char   *behind = pg_engine_source_problem (host->engine);

  host->describe (row, host->user_data);
  json_object_set_boolean_member (row, "frozen", freeze != NULL);
  json_object_set_int_member (row, "window", pg_engine_config (host->engine)->window_us / PG_SECOND);
  json_object_set_object_member (row, "store", describe_store (host->engine));
  if (behind != NULL)
    pg_message_set_text (row, "source_problem", pg_span_from_string (behind));
  else
    json_object_set_null_member (row, "source_problem");
  json_object_set_object_member (row, "decisions", describe_counters (host->engine));
  json_object_set_object_member (row, "logins", describe_logins (host->engine));
  json_object_set_array_member (row, "notes", describe_notes (host->engine, host->now_us));
  add_row (answer, row);
  add_exit (answer, PG_EXIT_OK);
}

static void
run_reload (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;

  if (host->reload (&error, host->user_data))
    {
      add_exit (answer, PG_EXIT_OK);
      return;
    }
  add_failure (answer, PG_EXIT_FAILED, error->message);
  g_error_free (error);
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

static const Command commands[] = {
  { "check", LOOK, run_check },         { "explain", LOOK, run_explain }, { "list", LOOK, run_list },
  { "allow", CHANGE, run_allow },       { "deny", CHANGE, run_deny },     { "revoke", CHANGE, run_revoke },
  { "forget", CHANGE, run_forget },     { "freeze", CHANGE, run_freeze }, { "thaw", CHANGE, run_thaw },
  { "status", ASK_DAEMON, run_status }, { "reload", CHANGE, run_reload },
};

static const Command *
find_command (const char *name)
{
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, name))
      return &commands[i];
  return NULL;
}

gboolean
pg_command_is_reading (const char *command)
{
  const Command *found = find_command (command);

  return found != NULL && found->nature == LOOK;
}

gboolean
pg_command_only_looks (const char *command)
{
  const Command *found = find_command (command);

  return found == NULL || found->nature != CHANGE;
}

PgAnswer *
pg_command_run (const PgCommandHost *host, JsonObject *request)
{
  PgAnswer      *answer = g_new0 (PgAnswer, 1);
  const Command *command = find_command (pg_message_get_string (request, "command"));

  g_queue_init (&answer->messages);
  if (command == NULL)
    add_failure (answer, PG_EXIT_USAGE, "unknown command");
  else if (command->nature != LOOK && !has_daemon (host))
    add_failure (answer, PG_EXIT_FAILED, "this needs popgated to run");
  else
    command->run (host, request, answer);
  return answer;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check, explain, list, report. */
#include "control/command-private.h"

#include "control/describe.h"
#include "core/error.h"

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
  json_object_set_boolean_member (row, "daemon", pg_command_has_daemon (host));
  json_object_set_boolean_member (row, "may_relay", decision->verdict == PG_VERDICT_OK);
  json_object_set_string_member (row, "verdict", pg_verdict_to_string (decision->verdict));
  json_object_set_int_member (row, "rule", (gint64) decision->rule);
  json_object_set_string_member (row, "reason", pg_rule_name (decision->rule));
  pg_message_set_text (row, "why", pg_span_from_string (tell_why (decision, steps)));
  pg_describe_login (row, finding, pg_engine_config (host->engine)->window_us);
  return row;
}

/* Without a daemon nobody reads the logs. */
static const char *
tell_saw (const PgCommandHost *host, const PgRuleStep *step)
{
  return step->rule == PG_RULE_SOURCE && !pg_command_has_daemon (host) ? "not known: popgated does not run" : step->saw;
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
      pg_answer_add_error (answer, error);
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
  pg_answer_add_row (answer, row);
  pg_answer_add_exit (answer, exit_of (&finding.decision));
}

void
pg_command_check (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  find_out (host, request, answer, FALSE);
}

void
pg_command_explain (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  find_out (host, request, answer, TRUE);
}

void
pg_command_list (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;

  answer->listing = pg_listing_new (host->engine, request, host->now_us, &error);
  if (answer->listing == NULL)
    pg_answer_add_error (answer, error);
}

void
pg_command_report (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;

  answer->usages = pg_usage_listing_new (host->engine, host->usage, request, host->now_us, &error);
  if (answer->usages == NULL)
    pg_answer_add_error (answer, error);
}

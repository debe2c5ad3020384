/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check, list, report. */
#include "control/command-private.h"

#include "control/describe.h"
#include "core/error.h"

gboolean
pg_command_read_query (JsonObject *request, PgQuery *out, GError **error)
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

PgExit
pg_command_exit_of (const PgDecision *decision)
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

JsonObject *
pg_command_describe_finding (const PgCommandHost *host, const PgQuery *query, const PgFinding *finding, const PgRuleStep *steps)
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

void
pg_command_check (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError    *error = NULL;
  PgRuleStep steps[PG_N_RULES - 1];
  PgQuery    query;
  PgFinding  finding;

  if (!pg_command_read_query (request, &query, &error))
    {
      pg_answer_add_error (answer, error);
      return;
    }
  pg_engine_explain (host->engine, &query, host->now_us, &finding, steps);
  pg_answer_add_row (answer, pg_command_describe_finding (host, &query, &finding, steps));
  pg_answer_add_exit (answer, pg_command_exit_of (&finding.decision));
  for (guint i = 0; i < PG_N_RULES - 1; i++)
    g_free (steps[i].saw);
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

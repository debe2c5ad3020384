/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/describe.h"

#include "control/message.h"

void
pg_describe_note (JsonObject *row, const PgNote *note, gint64 now_us)
{
  g_autofree char *target = pg_note_target_to_string (note);

  json_object_set_int_member (row, "note", (gint64) note->id);
  json_object_set_string_member (row, "kind", pg_note_kind_to_string (note->kind));
  pg_message_set_text (row, "target", pg_span_from_string (target));
  pg_message_set_text (row, "by", pg_span_from_string (note->by));
  pg_message_set_time (row, "made", note->made_us);
  pg_message_set_time (row, "until", note->until_us);
  json_object_set_boolean_member (row, "in_force", now_us < note->until_us);
  pg_message_set_text (row, "why", pg_span_from_string (note->why));
}

void
pg_describe_login (JsonObject *row, const PgFinding *finding, gint64 window_us)
{
  const PgDecision   *decision = &finding->decision;
  gboolean            is_known = decision->login_us != PG_RECORD_NEVER;
  const PgRecordUser *user;

  pg_message_set_time (row, "login", decision->login_us);
  pg_message_set_time (row, "until", is_known ? decision->login_us + window_us : PG_RECORD_NEVER);
  if (!finding->has_record || decision->user < 0 || !is_known)
    return;
  user = &finding->record.users[decision->user];
  pg_message_set_text (row, "user", pg_record_user_name (&finding->record, (guint) decision->user));
  json_object_set_string_member (row, "service", pg_service_to_string (user->service));
  json_object_set_string_member (row, "server", pg_server_to_string (user->server));
}

/* --- events ---------------------------------------------------------------------------------------------------------- */

static JsonObject *
new_row (const char *event, gint64 now_us)
{
  JsonObject *row = json_object_new ();

  json_object_set_string_member (row, "event", event);
  pg_message_set_time (row, "time", now_us);
  return row;
}

static void
set_address (JsonObject *row, const PgAddress *address)
{
  char text[PG_ADDRESS_TEXT_MAX];

  json_object_set_string_member (row, "address", pg_address_to_string (address, text));
}

static JsonObject *
describe_read_login (const PgEvent *event)
{
  JsonObject    *row = new_row ("login", event->now_us);
  const PgLogin *login = event->login;

  set_address (row, &login->address);
  pg_message_set_text (row, "user", login->user);
  json_object_set_string_member (row, "service", pg_service_to_string (login->service));
  json_object_set_string_member (row, "server", pg_server_to_string (login->server));
  pg_message_set_time (row, "login", login->time_us);
  json_object_set_string_member (row, "fate", pg_login_fate_to_string ((PgLoginFate) event->fate));
  pg_message_set_nullable (row, "why", event->why);
  return row;
}

static JsonObject *
describe_verdict (const PgEvent *event, gint64 window_us)
{
  JsonObject       *row = new_row ("verdict", event->now_us);
  const PgDecision *decision = &event->finding->decision;

  if (event->query->has_address)
    set_address (row, &event->query->address);
  else
    json_object_set_null_member (row, "address");
  json_object_set_string_member (row, "verdict", pg_verdict_to_string (decision->verdict));
  json_object_set_int_member (row, "rule", (gint64) decision->rule);
  json_object_set_string_member (row, "reason", pg_rule_name (decision->rule));
  pg_message_set_text (row, "sender", event->query->sender);
  pg_message_set_text (row, "recipient", event->query->recipient);
  pg_message_set_text (row, "sasl_username", event->query->sasl_username);
  pg_describe_login (row, event->finding, window_us);
  return row;
}

static JsonObject *
describe_note (const char *name, const PgEvent *event)
{
  JsonObject *row = new_row (name, event->now_us);

  pg_describe_note (row, event->note, event->now_us);
  return row;
}

static JsonObject *
describe_problem (const char *name, const PgEvent *event)
{
  JsonObject *row = new_row (name, event->now_us);

  pg_message_set_nullable (row, "problem", event->problem);
  return row;
}

JsonObject *
pg_describe_event (const PgEvent *event, gint64 window_us)
{
  switch (event->kind)
    {
    case PG_EVENT_LOGIN:
      return describe_read_login (event);
    case PG_EVENT_VERDICT:
      return describe_verdict (event, window_us);
    case PG_EVENT_NOTE:
      return describe_note ("note", event);
    case PG_EVENT_FORGOTTEN:
      return describe_note ("forgotten", event);
    case PG_EVENT_SOURCE:
      return describe_problem ("source", event);
    case PG_EVENT_STORE:
    case PG_N_EVENTS:
      break;
    }
  return describe_problem ("store", event);
}

JsonObject *
pg_describe_loss (guint64 n, gint64 now_us)
{
  JsonObject *row = new_row ("dropped", now_us);

  json_object_set_int_member (row, "count", (gint64) n);
  return row;
}

JsonObject *
pg_describe_watching (const PgEngine *engine, gint64 now_us)
{
  JsonObject *row = new_row ("watching", now_us);

  json_object_set_boolean_member (row, "frozen", pg_noteset_freeze (pg_engine_notes (engine), now_us) != NULL);
  pg_message_set_nullable (row, "source_problem", pg_engine_source_problem (engine));
  pg_message_set_nullable (row, "store_problem", pg_engine_problem (engine));
  return row;
}

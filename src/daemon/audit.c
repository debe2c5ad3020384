/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/audit.h"

#include "core/span.h"

static void
append_text (GString *line, const char *name, const char *text)
{
  g_autofree char *shown = pg_span_escape (pg_span_from_string (text), 300);

  g_string_append_printf (line, " %s=\"%s\"", name, shown);
}

static void
append_outcome (GString *line, const PgAnswer *answer)
{
  PgOutcome outcome;

  pg_answer_outcome (answer, &outcome);
  g_string_append_printf (line, " outcome=%s", outcome.error == NULL ? "done" : "failed");
  if (outcome.note != 0)
    g_string_append_printf (line, " note=%" G_GUINT64_FORMAT, outcome.note);
  if (outcome.about != NULL)
    append_text (line, "about", outcome.about);
  if (outcome.error != NULL)
    append_text (line, "error", outcome.error);
}

/* No command knows a member of another name, and it might pretend to be something else. */
static gboolean
is_name (const char *name)
{
  return strlen (name) <= 30 && pg_span_only_has (pg_span_from_string (name), "_");
}

static void
append_member (GString *line, const char *name, JsonNode *value)
{
  g_autofree char *text = NULL;
  g_autofree char *shown = NULL;

  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING)
    {
      append_text (line, name, json_node_get_string (value));
      return;
    }
  text = json_to_string (value, FALSE);
  shown = pg_span_escape (pg_span_from_string (text), 300);
  g_string_append_printf (line, " %s=%s", name, shown);
}

static void
append_request (GString *line, JsonObject *request)
{
  g_autoptr (GList) names = json_object_get_members (request);

  for (GList *link = names; link != NULL; link = link->next)
    if (is_name (link->data))
      append_member (line, link->data, json_object_get_member (request, link->data));
}

void
pg_audit (const char *by, JsonObject *request, const PgAnswer *answer)
{
  g_autoptr (GString) line = g_string_new (NULL);

  append_outcome (line, answer); /* what is ours comes first: of two of a name, it is the one that counts */
  append_request (line, request);
  g_message ("control by=%s%s", by, line->str);
}

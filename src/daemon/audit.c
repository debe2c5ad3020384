/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/audit.h"

#include "core/span.h"

static char *
describe_value (JsonNode *value)
{
  g_autofree char *text = NULL;
  g_autofree char *shown = NULL;

  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING)
    {
      shown = pg_span_escape (pg_span_from_string (json_node_get_string (value)), 300);
      return g_strdup_printf ("\"%s\"", shown);
    }
  text = json_to_string (value, FALSE);
  return pg_span_escape (pg_span_from_string (text), 300);
}

void
pg_audit (const char *by, JsonObject *request)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GList) names = json_object_get_members (request);

  for (GList *link = names; link != NULL; link = link->next)
    {
      g_autofree char *name = pg_span_escape (pg_span_from_string (link->data), 30);
      g_autofree char *value = describe_value (json_object_get_member (request, link->data));

      g_string_append_printf (line, " %s=%s", name, value);
    }
  g_message ("control by=%s%s", by, line->str);
}

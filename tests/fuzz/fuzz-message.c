/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests on the control socket: what is read is written in one line, and read from it as the same. What events are asked for is
 * one of those there are. */
#include "control/event-filter.h"
#include "control/message.h"

#include "common.h"

/* Not what it says, as a number may be written in several ways: what is written for it. Of a large or small one that is not whole
 * json-glib writes "2e+43" or "inf", which it does not read; nothing of popgate reads or writes such. */
static gboolean
has_exponent (const char *line)
{
  return strstr (line, "inf") != NULL || strstr (line, "e+") != NULL || strstr (line, "e-") != NULL;
}

static void
check_again (JsonObject *object)
{
  g_autofree char *line = pg_message_to_line (object);
  gsize            len = strlen (line);
  g_autofree char *again_line = NULL;
  g_autoptr (JsonObject) again = NULL;

  must (len > 0 && memchr (line, '\n', len) == line + len - 1);
  again = pg_message_parse (pg_span (line, len - 1), NULL);
  if (again == NULL && has_exponent (line))
    return;
  must (again != NULL);
  again_line = pg_message_to_line (again);
  must (g_str_equal (line, again_line));
}

static void
check_filter (JsonObject *object)
{
  PgEventFilter filter;

  if (!pg_event_filter_parse (object, &filter, NULL))
    return;
  must (filter.kinds != 0 && filter.kinds < 1u << PG_N_EVENTS && filter.verdicts < 1u << PG_N_VERDICTS);
  must (memchr (filter.user, '\0', sizeof filter.user) != NULL);
  must (!filter.has_net || filter.net.prefix <= 128);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *block = NULL;
  g_autoptr (JsonObject) object = pg_message_parse (exact (&block, pg_span ((const char *) data, size)), NULL);

  if (object == NULL)
    return 0;
  check_again (object);
  check_filter (object);
  return 0;
}

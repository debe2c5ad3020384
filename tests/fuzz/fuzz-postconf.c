/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Postfix's configuration as postconf(1) prints it: s settings, m services, l a list of restrictions, n a list of networks.
 * All that is told lies in the input, in order, and does not overlap.
 */
#include "core/error.h"
#include "core/postconf-list.h"
#include "core/postconf.h"

#include "common.h"

static void
check_lines (PgSpan text, guint services)
{
  g_autoptr (PgPostconf) self = pg_postconf_new ();
  g_autoptr (GError) error = NULL;
  gboolean ok = services != 0 ? pg_postconf_add_services (self, text, &error) : pg_postconf_add_settings (self, text, &error);

  must (ok == (error == NULL));
  must (ok || pg_postconf_n_services (self) == 0);
  for (guint i = 0; i < pg_postconf_n_services (self); i++)
    {
      const PgPostconfService *service = pg_postconf_service (self, i);

      must (service->name[0] != '\0' && service->type[0] != '\0' && service->command[0] != '\0');
      must (strpbrk (service->name, " \t\n") == NULL && strpbrk (service->command, " \t\n") == NULL);
    }
}

/* @part lies in @whole, at or behind @from; returns where it ends. */
static const char *
must_lie (PgSpan whole, const char *from, PgSpan part)
{
  must (part.data >= from && part.data + part.len <= whole.data + whole.len);
  return part.data + part.len;
}

static void
check_ask (PgSpan argument)
{
  g_autoptr (GError) error = NULL;
  PgPostconfAsk ask;

  must (pg_postconf_ask_parse (argument, &ask, &error) == (error == NULL));
  if (error != NULL)
    return;
  must (ask.endpoint.len > 0);
  (void) must_lie (argument, argument.data, ask.endpoint);
  must (ask.has_braces || (ask.timeout.data == NULL && ask.default_action.data == NULL) || ask.endpoint.len < argument.len);
}

static void
check_list (PgSpan text, G_GNUC_UNUSED guint with)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) items = pg_postconf_list_parse (text, &error);
  const char *at = text.data;

  must ((items != NULL) == (error == NULL));
  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      const PgPostconfRestriction *item = &g_array_index (items, PgPostconfRestriction, i);

      must (item->name.len > 0);
      (void) must_lie (item->text, item->text.data, item->name);
      at = must_lie (text, at, item->text);
      check_ask (item->argument);
    }
}

static void
check_networks (PgSpan text, G_GNUC_UNUSED guint with)
{
  PgSpan word;

  while (pg_postconf_take_word (&text, &word))
    {
      PgNetwork network;

      if (pg_postconf_network_parse (word, &network))
        must (network.prefix <= 128 && pg_network_covers (&network, &network.base));
    }
  must (text.len == 0);
}

static const FuzzWay ways[] = {
  { 's', check_lines, 0 },
  { 'm', check_lines, 1 },
  { 'l', check_list, 0 },
  { 'n', check_networks, 0 },
};

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  return take_way (ways, G_N_ELEMENTS (ways), data, size);
}

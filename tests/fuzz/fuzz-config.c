/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configurations: what is accepted is within its bounds, what is not has an error; an override is read as a file's line. */
#include "core/config.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/reply.h"
#include "core/source-spec.h"

#include "common.h"

static void
check_config (const PgConfig *c)
{
  must (c->window_us >= PG_SECOND && c->window_us <= 7 * PG_DAY);
  must (c->stale_us >= PG_SECOND && c->stale_us <= PG_DAY);
  must (c->socket_mode <= 0777);
  must (c->max_connections >= 1 && c->max_connections <= 1000000);
  must (c->ipv6_prefix >= 32 && c->ipv6_prefix <= 128);
  must (c->store[0] == '/');
  must (c->reject[0] == '\0' || pg_reply_text_is_valid (c->reject));
  must (c->services != 0 && c->servers != 0);
  must (g_strv_length (c->policy_listen) >= 1 && g_strv_length (c->control_listen) >= 1);
  must (c->sources != NULL && g_strv_length (c->dovecot_names) >= 1);
  must (c->hosts != NULL && c->never_users != NULL && c->admins != NULL);
  must (c->socket_owner != NULL && c->socket_group != NULL);
}

static void
check_sources (const PgConfig *c)
{
  must (c->sources[0] != NULL || c->login_listen[0] != NULL);
  for (char **source = c->sources; *source != NULL; source++)
    {
      g_autoptr (PgSourceSpec) spec = pg_source_spec_parse (*source, NULL);

      must (spec != NULL && spec->name[0] != '\0');
      must ((spec->path != NULL) == (spec->kind == PG_SOURCE_FILE));
      must ((spec->units != NULL && spec->units[0] != NULL) == (spec->kind == PG_SOURCE_JOURNAL));
    }
}

/* Loopback is never granted unless all such addresses were given up with one word. */
static void
check_never (const PgConfig *c)
{
  PgAddress loopback;

  must (pg_address_parse (pg_span_from_string ("127.0.0.1"), &loopback));
  must (pg_netset_covers (c->never_grant, &loopback, NULL) == !c->never_none);
}

static void
check (PgConfig *config, const GError *error)
{
  must ((config != NULL) == (error == NULL));
  must (error == NULL || error->domain == PG_ERROR);
  if (config == NULL)
    return;
  check_config (config);
  check_sources (config);
  check_never (config);
  pg_config_free (config);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan             input = pg_span ((const char *) data, size);
  gboolean           as_override = take_byte (&input) & 1;
  g_autofree char   *block = NULL;
  g_autofree char   *string = g_strndup (input.data != NULL ? input.data : "", input.len);
  const char        *overrides[] = { string, NULL };
  g_autoptr (GError) error = NULL;

  if (as_override)
    check (pg_config_parse (pg_span (NULL, 0), overrides, &error), error);
  else
    check (pg_config_parse (exact (&block, input), NULL, &error), error);
  return 0;
}

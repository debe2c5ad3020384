/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/config-values.h"

#include "core/duration.h"
#include "core/reply.h"
#include "core/source-spec.h"

gboolean
pg_config_read_duration (const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  gint64 us;

  if (!pg_duration_parse (pg_span_from_string (text), &us) || us < row->min || us > row->max)
    return FALSE;
  *(gint64 *) field = us;
  return TRUE;
}

static gboolean
read_integer (const PgConfigRow *row, const char *text, guint base, guint *out)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, base, (guint64) row->min, (guint64) row->max, &value, NULL))
    return FALSE;
  *out = (guint) value;
  return TRUE;
}

gboolean
pg_config_read_number (const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_integer (row, text, 10, field);
}

gboolean
pg_config_read_mode (const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_integer (row, text, 8, field);
}

static void
set_string (gpointer field, const char *text)
{
  char **string = field;

  g_free (*string);
  *string = g_strdup (text);
}

gboolean
pg_config_read_string (const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  if ((gint64) strlen (text) < row->min)
    return FALSE;
  set_string (field, text);
  return TRUE;
}

gboolean
pg_config_read_path (G_GNUC_UNUSED const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  if (text[0] != '\0' && (text[0] != '/' || g_str_has_suffix (text, "/")))
    return FALSE;
  set_string (field, text);
  return TRUE;
}

gboolean
pg_config_read_store (G_GNUC_UNUSED const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  if (!g_str_has_prefix (text, "gdbm:/"))
    return FALSE;
  set_string (field, text + strlen ("gdbm:"));
  return TRUE;
}

gboolean
pg_config_read_reply_text (G_GNUC_UNUSED const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  if (text[0] != '\0' && !pg_reply_text_is_valid (text))
    return FALSE;
  set_string (field, text);
  return TRUE;
}

static char **
split_list (const char *text)
{
  GPtrArray *words = g_ptr_array_new ();
  g_auto (GStrv) pieces = g_strsplit_set (text, ",; \t", -1);

  for (guint i = 0; pieces[i] != NULL; i++)
    if (pieces[i][0] != '\0')
      g_ptr_array_add (words, g_strdup (pieces[i]));
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_free (words, FALSE);
}

static void
set_list (gpointer field, char **list)
{
  char ***own = field;

  g_strfreev (*own);
  *own = list;
}

gboolean
pg_config_read_list (const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  char **list = split_list (text);

  if ((gint64) g_strv_length (list) < row->min)
    {
      g_strfreev (list);
      return FALSE;
    }
  set_list (field, list);
  return TRUE;
}

static gboolean
has_scheme (const char *piece, const char *const *schemes)
{
  for (; *schemes != NULL; schemes++)
    if (g_str_has_prefix (piece, *schemes))
      return TRUE;
  return FALSE;
}

/* A list of SCHEME:REST; a piece without scheme belongs to the one before: "journal:a.service,b.service". */
static gboolean
read_scheme_list (const PgConfigRow *row, const char *text, const char *const *schemes, gpointer field)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) pieces = split_list (text);
  gboolean ok = TRUE;

  for (guint i = 0; pieces[i] != NULL && ok; i++)
    {
      if (has_scheme (pieces[i], schemes))
        g_ptr_array_add (items, g_strdup (pieces[i]));
      else if (items->len > 0)
        {
          char *last = g_ptr_array_steal_index (items, items->len - 1);

          g_ptr_array_add (items, g_strconcat (last, ",", pieces[i], NULL));
          g_free (last);
        }
      else
        ok = FALSE;
    }
  ok = ok && items->len >= row->min;
  g_ptr_array_add (items, NULL);
  if (ok)
    set_list (field, (char **) g_ptr_array_steal (items, NULL));
  g_ptr_array_unref (items);
  return ok;
}

/* "127.0.0.1:10040" or "[::1]:10040". */
static gboolean
is_inet (const char *text)
{
  const char *colon = strrchr (text, ':');
  PgSpan      host;
  PgAddress   address;
  guint64     port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
    return FALSE;
  host = pg_span (text, (gsize) (colon - text));
  if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
    host = pg_span (host.data + 1, host.len - 2);
  return pg_address_parse (host, &address);
}

static gboolean
read_socket_list (const PgConfigRow *row, const char *text, const char *const *schemes, gpointer field)
{
  if (!read_scheme_list (row, text, schemes, field))
    return FALSE;
  for (char **socket = *(char ***) field; *socket != NULL; socket++)
    if (g_str_has_prefix (*socket, "inet:") ? !is_inet (*socket + strlen ("inet:")) : strchr (*socket, ',') != NULL)
      return FALSE;
  return TRUE;
}

gboolean
pg_config_read_sockets (const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  static const char *const schemes[] = { "unix:/", "inet:", NULL };

  return read_socket_list (row, text, schemes, field);
}

gboolean
pg_config_read_unix_sockets (const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  static const char *const schemes[] = { "unix:/", NULL };

  return read_socket_list (row, text, schemes, field);
}

static gboolean
is_source (const char *source)
{
  g_autoptr (PgSourceSpec) spec = pg_source_spec_parse (source, NULL);

  return spec != NULL;
}

gboolean
pg_config_read_sources (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field)
{
  static const char *const schemes[] = { "file:/", "stdin:", "journal:", NULL };

  if (!read_scheme_list (row, text, schemes, field))
    return FALSE;
  for (guint i = 0; config->sources[i] != NULL; i++)
    if (!is_source (config->sources[i]))
      return FALSE;
  return TRUE;
}

static guint
bits_of_service (const char *name)
{
  PgService service;

  return pg_service_from_span (pg_span_from_string (name), &service) ? 1u << service : 0;
}

/* popgate-login writes no lines: [login] says whether it counts. */
static guint
bits_of_server (const char *name)
{
  PgServer server;

  if (g_str_equal (name, "all"))
    return ~0u;
  return pg_server_from_span (pg_span_from_string (name), &server) && server != PG_SERVER_POPGATE_LOGIN ? 1u << server : 0;
}

/* @bits_of: 0 for what is no such name. */
static gboolean
read_bits (const char *text, guint (*bits_of) (const char *name), guint *out)
{
  g_auto (GStrv) names = split_list (text);
  guint all = 0;

  for (guint i = 0; names[i] != NULL; i++)
    {
      guint bits = bits_of (names[i]);

      if (bits == 0)
        return FALSE;
      all |= bits;
    }
  *out = all;
  return all != 0;
}

gboolean
pg_config_read_services (G_GNUC_UNUSED const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_bits (text, bits_of_service, field);
}

gboolean
pg_config_read_servers (G_GNUC_UNUSED const PgConfigRow *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_bits (text, bits_of_server, field);
}

/* Addresses that are nobody's alone: a login from there says nothing about who connects later. */
static const char *const builtin_never[] = {
  "127.0.0.0/8",     "::1",       /* loopback */
  "0.0.0.0/8",       "::",        /* unspecified */
  "169.254.0.0/16",  "fe80::/10", /* link-local */
  "224.0.0.0/4",     "ff00::/8",  /* multicast */
  "255.255.255.255",              /* broadcast */
};

static void
add_builtin_never (PgNetset *set)
{
  for (gsize i = 0; i < G_N_ELEMENTS (builtin_never); i++)
    {
      PgNetwork network;

      if (!pg_network_parse (pg_span_from_string (builtin_never[i]), &network, NULL))
        g_assert_not_reached ();
      pg_netset_add (set, &network, NULL);
    }
}

gboolean
pg_config_read_never_grant (G_GNUC_UNUSED const PgConfigRow *row, const char *text, PgConfig *config, gpointer field)
{
  g_autoptr (PgNetset) set = pg_netset_new (NULL);
  g_auto (GStrv) words = split_list (text);
  PgNetset **own = field;
  PgNetwork  network;

  config->never_none = words[0] != NULL && g_str_equal (words[0], "none") && words[1] == NULL;
  if (!config->never_none)
    {
      add_builtin_never (set);
      for (guint i = 0; words[i] != NULL; i++)
        {
          if (!pg_network_parse (pg_span_from_string (words[i]), &network, NULL))
            return FALSE;
          pg_netset_add (set, &network, NULL);
        }
    }
  pg_netset_free (*own);
  *own = g_steal_pointer (&set);
  return TRUE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/postconf.h"

#include "core/error.h"

/* Fields of a row of master.cf, from 0. */
#define FIELD_CHROOT 4
#define FIELD_COMMAND 7
#define N_FIELDS 8

struct _PgPostconf
{
  GHashTable *settings; /* of char * by char *; overrides under SERVICE/TYPE/NAME */
  GPtrArray  *services; /* of PgPostconfService * */
  guint       n_strange;
};

/* Reads one line, its continuations behind it; FALSE: it is none of ours. */
typedef gboolean (*TakeLine) (PgPostconf *self, PgSpan line);

static void
free_service (gpointer data)
{
  PgPostconfService *service = data;

  g_free (service->name);
  g_free (service->type);
  g_free (service->command);
  g_free (service);
}

PgPostconf *
pg_postconf_new (void)
{
  PgPostconf *self = g_new0 (PgPostconf, 1);

  self->settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->services = g_ptr_array_new_with_free_func (free_service);
  return self;
}

void
pg_postconf_free (PgPostconf *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->settings);
  g_ptr_array_unref (self->services);
  g_free (self);
}

/* --- lines ----------------------------------------------------------------------------------------------------------- */

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static PgSpan
strip (PgSpan span)
{
  while (span.len > 0 && is_blank (span.data[0]))
    pg_span_skip (&span, 1);
  while (span.len > 0 && is_blank (span.data[span.len - 1]))
    span.len--;
  return span;
}

/* The next line without its LF; @text must not be empty. */
static PgSpan
take_physical (PgSpan *text)
{
  PgSpan line;

  if (!pg_span_take_until (text, '\n', &line))
    {
      line = *text;
      pg_span_skip (text, text->len);
    }
  return line;
}

/* What goes on where a line began: comments and empty lines between do not end it. */
static gboolean
is_continued (PgSpan rest)
{
  return rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t');
}

/* A line with all that continues it, from its first byte to its last; LFs stand in it as blanks do. */
static PgSpan
take_logical (PgSpan *text)
{
  PgSpan start = *text;
  PgSpan line = take_physical (text);

  while (is_continued (*text))
    {
      PgSpan more = take_physical (text);

      line = pg_span (start.data, (gsize) (more.data + more.len - start.data));
    }
  return line;
}

static gboolean
check_text (PgSpan text, GError **error)
{
  if (text.len > PG_POSTCONF_TEXT_MAX)
    g_set_error (error, PG_ERROR, PG_ERROR_LIMIT, "a configuration of more than %u bytes", PG_POSTCONF_TEXT_MAX);
  else if (text.len > 0 && memchr (text.data, '\0', text.len) != NULL)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a configuration that has NULs");
  else
    return TRUE;
  return FALSE;
}

static gboolean
take_lines (PgPostconf *self, PgSpan text, TakeLine take, GError **error)
{
  if (!check_text (text, error))
    return FALSE;
  while (text.len > 0)
    {
      PgSpan line = take_logical (&text);

      if (strip (line).len > 0 && line.data[0] != '#' && !take (self, line))
        self->n_strange++;
    }
  return TRUE;
}

/* --- settings -------------------------------------------------------------------------------------------------------- */

/* @value as one line: what continued it is joined by blanks. */
static char *
join_lines (PgSpan value)
{
  char *text = g_strndup (value.len > 0 ? value.data : "", value.len);

  for (char *c = text; *c != '\0'; c++)
    if (*c == '\n' || *c == '\r')
      *c = ' ';
  return text;
}

static gboolean
take_setting (PgPostconf *self, PgSpan line)
{
  PgSpan name;

  if (is_blank (line.data[0]) || !pg_span_take_until (&line, '=', &name))
    return FALSE;
  name = strip (name);
  if (name.len == 0)
    return FALSE;
  g_hash_table_replace (self->settings, g_strndup (name.data, name.len), join_lines (strip (line)));
  return TRUE;
}

gboolean
pg_postconf_add_settings (PgPostconf *self, PgSpan text, GError **error)
{
  return take_lines (self, text, take_setting, error);
}

const char *
pg_postconf_get (const PgPostconf *self, const char *name)
{
  return g_hash_table_lookup (self->settings, name);
}

const char *
pg_postconf_get_for (const PgPostconf *self, const PgPostconfService *service, const char *name, gboolean *out_own)
{
  g_autofree char *key = g_strconcat (service->name, "/", service->type, "/", name, NULL);
  const char      *own = pg_postconf_get (self, key);

  if (out_own != NULL)
    *out_own = own != NULL;
  return own != NULL ? own : pg_postconf_get (self, name);
}

/* --- services -------------------------------------------------------------------------------------------------------- */

static gboolean
take_field (PgSpan *line, PgSpan *out)
{
  gsize len = 0;

  *line = strip (*line);
  while (len < line->len && !is_blank (line->data[len]))
    len++;
  *out = pg_span (line->data, len);
  pg_span_skip (line, len);
  return len > 0;
}

static char *
copy (PgSpan span)
{
  return g_strndup (span.data, span.len);
}

static gboolean
take_service (PgPostconf *self, PgSpan line)
{
  PgPostconfService *service;
  PgSpan             fields[N_FIELDS];

  for (guint i = 0; i < N_FIELDS; i++)
    if (!take_field (&line, &fields[i]))
      return FALSE;
  service = g_new0 (PgPostconfService, 1);
  service->name = copy (fields[0]);
  service->type = copy (fields[1]);
  service->chroot = fields[FIELD_CHROOT].data[0];
  service->command = copy (fields[FIELD_COMMAND]);
  g_ptr_array_add (self->services, service);
  return TRUE;
}

gboolean
pg_postconf_add_services (PgPostconf *self, PgSpan text, GError **error)
{
  return take_lines (self, text, take_service, error);
}

guint
pg_postconf_n_services (const PgPostconf *self)
{
  return self->services->len;
}

const PgPostconfService *
pg_postconf_service (const PgPostconf *self, guint index)
{
  return g_ptr_array_index (self->services, index);
}

guint
pg_postconf_n_strange (const PgPostconf *self)
{
  return self->n_strange;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/source-spec.h"

#include "core/error.h"

#define UNIT_BYTES ":-_.\\@"
#define USER_BYTES "-_."

/* An option's words are read into its place; FALSE: they are none, or the option stood there before. */
typedef gboolean (*ReadOption) (PgSourceSpec *self, const char *value);

typedef struct
{
  const char *key;
  guint       kinds; /* bit 1 << PgSourceKind */
  ReadOption  read;
} Option;

static gboolean
read_format (PgSourceSpec *self, const char *value)
{
  return pg_head_format_from_span (pg_span_from_string (value), &self->format);
}

static gboolean
read_trust (PgSourceSpec *self, const char *value)
{
  self->trusts_any = g_str_equal (value, "any");
  return self->trusts_any;
}

static gboolean
read_dir (PgSourceSpec *self, const char *value)
{
  self->dir = g_strdup (value);
  return value[0] == '/';
}

static gboolean
read_uid (PgSourceSpec *self, const char *value)
{
  self->uid = g_strdup (value);
  return pg_span_only_has (pg_span_from_string (value), USER_BYTES);
}

static const Option options[] = {
  { "format=", 1u << PG_SOURCE_FILE | 1u << PG_SOURCE_STDIN, read_format },
  { "trust=", 1u << PG_SOURCE_FILE | 1u << PG_SOURCE_JOURNAL, read_trust },
  { "dir=", 1u << PG_SOURCE_JOURNAL, read_dir },
  { "uid=", 1u << PG_SOURCE_JOURNAL, read_uid },
};

/* @seen: (inout): bit 1 << index in the table of each option that was read. */
static gboolean
read_option (PgSourceSpec *self, const char *text, guint *seen)
{
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    if (g_str_has_prefix (text, options[i].key))
      {
        gboolean is_first = (*seen & 1u << i) == 0;

        *seen |= 1u << i;
        return is_first && (options[i].kinds & 1u << self->kind) != 0 && options[i].read (self, text + strlen (options[i].key));
      }
  return FALSE;
}

/* "dovecot" is "dovecot.service", as systemctl(1) reads it. Of the other kinds of units only these have processes. */
static char *
complete_unit (const char *text)
{
  static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (text, suffixes[i]))
      return g_strdup (text);
  return g_strconcat (text, suffixes[0], NULL);
}

static gboolean
add_unit (GPtrArray *units, const char *text)
{
  char *unit = complete_unit (text);

  g_ptr_array_add (units, unit);
  return strlen (unit) <= PG_SOURCE_UNIT_MAX && pg_span_only_has (pg_span_from_string (text), UNIT_BYTES);
}

/* The folder is a part of what is read: the same unit in two folders is two sources. */
static char *
name_journal (const PgSourceSpec *self)
{
  g_autofree char *units = g_strjoinv (",", self->units);

  return self->dir != NULL ? g_strconcat ("journal:", units, ",dir=", self->dir, NULL) : g_strconcat ("journal:", units, NULL);
}

static gboolean
read_journal (PgSourceSpec *self, char *const *parts)
{
  GPtrArray *units = g_ptr_array_new ();
  guint      seen = 0;
  gboolean   ok = add_unit (units, parts[0] + strlen ("journal:"));

  for (guint i = 1; parts[i] != NULL && ok; i++)
    ok = strchr (parts[i], '=') != NULL ? read_option (self, parts[i], &seen) : add_unit (units, parts[i]);
  g_ptr_array_add (units, NULL);
  self->units = (char **) g_ptr_array_free (units, FALSE);
  self->name = name_journal (self);
  return ok;
}

static gboolean
read_place (PgSourceSpec *self, char *const *parts)
{
  guint    seen = 0;
  gboolean ok = TRUE;

  self->name = g_strdup (parts[0]);
  for (guint i = 1; parts[i] != NULL && ok; i++)
    ok = read_option (self, parts[i], &seen);
  return ok;
}

static gboolean
read_parts (PgSourceSpec *self, char *const *parts)
{
  if (parts[0] == NULL)
    return FALSE;
  if (g_str_has_prefix (parts[0], "journal:"))
    {
      self->kind = PG_SOURCE_JOURNAL;
      return read_journal (self, parts);
    }
  if (g_str_equal (parts[0], "stdin:"))
    {
      self->kind = PG_SOURCE_STDIN;
      return read_place (self, parts);
    }
  self->kind = PG_SOURCE_FILE;
  self->path = g_str_has_prefix (parts[0], "file:/") ? g_strdup (parts[0] + strlen ("file:")) : NULL;
  return self->path != NULL && read_place (self, parts);
}

PgSourceSpec *
pg_source_spec_parse (const char *text, GError **error)
{
  g_autoptr (PgSourceSpec) self = g_new0 (PgSourceSpec, 1);
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  g_autofree char *shown = NULL;

  if (read_parts (self, parts))
    return g_steal_pointer (&self);
  shown = pg_span_escape (pg_span_from_string (text), 120);
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "\"%s\": expected one of " PG_SOURCE_SPEC_EXPECTED, shown);
  return NULL;
}

void
pg_source_spec_free (PgSourceSpec *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->path);
  g_strfreev (self->units);
  g_free (self->dir);
  g_free (self->uid);
  g_free (self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* corpus: the rows of tests/corpus/logline: lines of logs, and what each one is. */
#pragma once

#include "core/server.h"

#include "common.h"

enum
{
  COLUMN_FORMAT,
  COLUMN_SERVER,
  COLUMN_KIND,
  COLUMN_ADDRESS,
  COLUMN_USER,
  COLUMN_ORIGIN,
  COLUMN_LINE,
  N_COLUMNS
};

/** CorpusRow: @name is for messages: where it stands. */
typedef struct
{
  PgSpan columns[N_COLUMNS];
  char  *name;
} CorpusRow;

/** corpus_kinds: how the rows call each PgLineKind; "none" there is any of them but a login. */
static const char *const corpus_kinds[] = {
  [PG_LINE_FOREIGN] = "foreign",
  [PG_LINE_OTHER] = "other",
  [PG_LINE_REFUSED] = "refused",
  [PG_LINE_LOGIN] = "login",
};

static inline gboolean
corpus_split_row (PgSpan text, CorpusRow *row)
{
  for (gsize i = 0; i < COLUMN_LINE; i++)
    if (!pg_span_take_until (&text, '\t', &row->columns[i]))
      return FALSE;
  row->columns[COLUMN_LINE] = text;
  return TRUE;
}

/** CorpusCheck: what is done with a row. */
typedef void (*CorpusCheck) (const CorpusRow *row, gpointer user_data);

/** corpus_each: calls @check for the rows of tests/corpus/FILE in order; a file that cannot be read fails. Returns: how many. */
static inline guint
corpus_each (const char *file, CorpusCheck check, gpointer user_data)
{
  g_autofree char *path = corpus_path (file);
  g_autofree char *text = NULL;
  guint            n_rows = 0;
  guint            line_number = 0;
  PgSpan           rest;
  PgSpan           line;
  gsize            len;

  ck_assert_msg (g_file_get_contents (path, &text, &len, NULL), "%s", path);
  for (rest = pg_span (text, len); pg_span_take_until (&rest, '\n', &line);)
    {
      CorpusRow row;

      line_number++;
      if (pg_span_take (&line, "#"))
        continue;
      ck_assert_msg (corpus_split_row (line, &row), "%s:%u: too few columns", file, line_number);
      row.name = g_strdup_printf ("%s:%u", file, line_number);
      check (&row, user_data);
      g_free (row.name);
      n_rows++;
    }
  ck_assert_msg (rest.len == 0, "%s: no newline at the end", file);
  return n_rows;
}

/** corpus_check_kind: @kind is what the row says. @why: (nullable): of a line that was refused. */
static inline void
corpus_check_kind (const CorpusRow *row, PgLineKind kind, const char *why)
{
  gboolean agrees = pg_span_is (row->columns[COLUMN_KIND], "none") ? kind != PG_LINE_LOGIN
                                                                   : pg_span_is (row->columns[COLUMN_KIND], corpus_kinds[kind]);

  ck_assert_msg (agrees, "%s: got %s %s", row->name, corpus_kinds[kind], why != NULL ? why : "");
  assert_row (row->name, (kind == PG_LINE_REFUSED) == (why != NULL));
}

/** corpus_check_login: @login is the one of the row. */
static inline void
corpus_check_login (const CorpusRow *row, const PgLogin *login)
{
  g_autofree char *address = span_to_string (row->columns[COLUMN_ADDRESS]);
  char             buffer[PG_ADDRESS_TEXT_MAX];

  assert_row_text (row->name, pg_address_to_string (&login->address, buffer), address);
  assert_row (row->name, pg_span_equal (login->user, row->columns[COLUMN_USER]));
  assert_row (row->name, pg_span_is (row->columns[COLUMN_SERVER], pg_server_to_string (login->server)));
  assert_row (row->name, login->service >= PG_SERVICE_POP3 && login->service < PG_N_SERVICES);
}

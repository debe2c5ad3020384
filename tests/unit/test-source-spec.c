/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/error.h"
#include "core/source-spec.h"

#include "common.h"

/* What is not said is "-"; the units stand with commas between. */
static const struct
{
  const char *text;
  const char *told; /* name, format, trusts any, path, units, folder, user; NULL: refused */
} specs[] = {
  { "file:/var/log/mail.log", "file:/var/log/mail.log 0 0 /var/log/mail.log - - -" },
  { "file:/x,format=auto", "file:/x 0 0 /x - - -" },
  { "file:/x,format=syslog", "file:/x 1 0 /x - - -" },
  { "file:/x,format=dovecot", "file:/x 2 0 /x - - -" },
  { "file:/x,trust=any", "file:/x 0 1 /x - - -" },
  { "file:/x,trust=any,format=syslog", "file:/x 1 1 /x - - -" },
  { "file:/x,format=syslog,trust=any", "file:/x 1 1 /x - - -" },
  { "stdin:", "stdin: 0 0 - - - -" },
  { "stdin:,format=dovecot", "stdin: 2 0 - - - -" },
  { "journal:dovecot", "journal:dovecot.service 0 0 - dovecot.service - -" },
  { "journal:dovecot.service", "journal:dovecot.service 0 0 - dovecot.service - -" },
  { "journal:a.b", "journal:a.b.service 0 0 - a.b.service - -" },
  { "journal:session-1.scope", "journal:session-1.scope 0 0 - session-1.scope - -" },
  { "journal:pop3@1.socket", "journal:pop3@1.socket 0 0 - pop3@1.socket - -" },
  { "journal:a\\x2db@c:d_e", "journal:a\\x2db@c:d_e.service 0 0 - a\\x2db@c:d_e.service - -" },
  { "journal:a,b.service", "journal:a.service,b.service 0 0 - a.service,b.service - -" },
  { "journal:a,dir=/j", "journal:a.service,dir=/j 0 0 - a.service /j -" },
  { "journal:a,dir=/j,b", "journal:a.service,b.service,dir=/j 0 0 - a.service,b.service /j -" },
  { "journal:a,uid=root", "journal:a.service 0 0 - a.service - root" },
  { "journal:a,uid=any,trust=any,dir=/j", "journal:a.service,dir=/j 0 1 - a.service /j any" },
  { "journal:a,uid=97", "journal:a.service 0 0 - a.service - 97" },
  { "", NULL },
  { ",", NULL },
  { "file:", NULL },
  { "file:mail.log", NULL },
  { "FILE:/x", NULL },
  { "stdin", NULL },
  { "stdin:x", NULL },
  { "stdin:,trust=any", NULL },
  { "stdin:,dir=/x", NULL },
  { "file:/x,", NULL },
  { "file:/x,format=", NULL },
  { "file:/x,format=xml", NULL },
  { "file:/x,format=syslog,format=syslog", NULL },
  { "file:/x,trust=any,trust=any", NULL },
  { "file:/x,format=syslog ", NULL },
  { "file:/x,trust=", NULL },
  { "file:/x,trust=none", NULL },
  { "file:/x,trust", NULL },
  { "file:/x,other=1", NULL },
  { "file:/x,dir=/y", NULL },
  { "file:/x,uid=root", NULL },
  { "file:/x,y", NULL },
  { "journal:", NULL },
  { "journal", NULL },
  { "journal:,", NULL },
  { "journal:a,", NULL },
  { "journal:,a", NULL },
  { "journal:a b", NULL },
  { "journal:a/b", NULL },
  { "journal:a=b", NULL },
  { "journal:*", NULL },
  { "journal:dir=/x", NULL },
  { "journal:a,dir=", NULL },
  { "journal:a,dir=x", NULL },
  { "journal:a,dir=/x,dir=/x", NULL },
  { "journal:a,uid=", NULL },
  { "journal:a,uid=a b", NULL },
  { "journal:a,uid=a,uid=b", NULL },
  { "journal:a,format=syslog", NULL },
  { "journal:a,trust=no", NULL },
};

static const char *
or_none (const char *text)
{
  return text != NULL ? text : "-";
}

static char *
tell (const PgSourceSpec *spec)
{
  g_autofree char *units = spec->units != NULL ? g_strjoinv (",", spec->units) : NULL;

  return g_strdup_printf ("%s %d %d %s %s %s %s", spec->name, (int) spec->format, (int) spec->trusts_any, or_none (spec->path),
                          or_none (units), or_none (spec->dir), or_none (spec->uid));
}

START_TEST (a_source_is_what_its_text_says)
{
  const char *text = specs[_i].text;
  g_autoptr (GError) error = NULL;
  g_autoptr (PgSourceSpec) spec = pg_source_spec_parse (text, &error);
  g_autofree char *told = spec != NULL ? tell (spec) : NULL;

  assert_row_agrees (text, spec != NULL, error, specs[_i].told != NULL);
  assert_row_text (text, told, specs[_i].told);
  assert_row (text, error == NULL || g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
}
END_TEST

/* As long as a unit's name may be, and a byte more. */
START_TEST (a_unit_has_a_longest_name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strnfill (PG_SOURCE_UNIT_MAX - strlen (".service") + (gsize) _i, 'x');
  g_autofree char *text = g_strconcat ("journal:", name, NULL);
  g_autoptr (PgSourceSpec) spec = pg_source_spec_parse (text, &error);

  assert_row_agrees (text, spec != NULL, error, _i == 0);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_source_is_what_its_text_says, 0, G_N_ELEMENTS (specs));
  tcase_add_loop_test (tests, a_unit_has_a_longest_name, 0, 2);
}

PG_TEST_MAIN ("source-spec", fill)

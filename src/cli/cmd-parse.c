/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parse: a dry run over logs. Asks nobody: what it says of a login is what the gate would say, were the login new. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/output.h"
#include "core/lines.h"
#include "core/login-line.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PORTION 262144

/* One line of the summary. */
typedef struct
{
  PgServer  server;
  PgService service;
  char     *user;
  guint64   n_logins;
} Count;

typedef struct
{
  PgCli       *cli;
  PgEngine    *engine; /* never opened: only its configuration is asked */
  GTimeZone   *zone;
  PgHeadFormat wanted; /* PG_HEAD_UNKNOWN: decided by each file */
  gboolean     why;
  gboolean     unmatched;
  gboolean     summary;
  GHashTable  *counts; /* "server service user" -> Count */
  const char  *file;
  PgHeadFormat format;
  guint64      line;
} Run;

/* What every row tells: where it was read. */
static JsonObject *
new_row (const Run *run)
{
  JsonObject *row = json_object_new ();

  if (run->file != NULL)
    pg_message_set_text (row, "file", pg_span_from_string (run->file));
  json_object_set_int_member (row, "line", (gint64) run->line);
  return row;
}

static JsonObject *
describe_login (const Run *run, const PgLogin *login, const char *refusal)
{
  JsonObject *row = new_row (run);
  char        address[PG_ADDRESS_TEXT_MAX];

  pg_message_set_time (row, "time", login->time_us);
  json_object_set_string_member (row, "address", pg_address_to_string (&login->address, address));
  pg_message_set_text (row, "user", login->user);
  json_object_set_string_member (row, "service", pg_service_to_string (login->service));
  json_object_set_string_member (row, "server", pg_server_to_string (login->server));
  json_object_set_boolean_member (row, "grants", refusal == NULL);
  json_object_set_string_member (row, "why", refusal != NULL ? refusal : "");
  return row;
}

static void
show_login (const Run *run, const PgLogin *login, const char *refusal)
{
  g_autoptr (JsonObject) row = describe_login (run, login, refusal);
  g_autofree char *user = pg_output_text (row, "user");
  g_autofree char *when = pg_output_clock (pg_message_get_int (row, "time", 0));

  if (run->cli->json)
    pg_output_json (row);
  else
    pg_output_print (refusal == NULL ? PG_OUTPUT_GOOD : PG_OUTPUT_PLAIN, "%s  %-7s %-15s  %s by %s (%s)%s%s", when,
                     refusal == NULL ? "grants" : "nothing", pg_message_get_string (row, "address"),
                     pg_message_get_string (row, "service"), user, pg_message_get_string (row, "server"),
                     refusal != NULL ? ": " : "", refusal != NULL ? refusal : "");
}

static void
show_refused_line (const Run *run, PgSpan line, const char *why)
{
  g_autoptr (JsonObject) row = NULL;
  g_autofree char *shown = NULL;

  if (run->cli->json)
    {
      row = new_row (run);
      json_object_set_string_member (row, "refused", why);
      pg_message_set_text (row, "text", line);
      pg_output_json (row);
      return;
    }
  shown = pg_span_escape (line, 300);
  pg_output_print (PG_OUTPUT_DOUBT, "%s%sline %" G_GUINT64_FORMAT " not taken for a login (%s): %s",
                   run->file != NULL ? run->file : "", run->file != NULL ? ": " : "", run->line, why, shown);
}

static void
free_count (gpointer data)
{
  Count *count = data;

  g_free (count->user);
  g_free (count);
}

static void
count_login (const Run *run, const PgLogin *login)
{
  g_autofree char *user = g_utf8_make_valid (login->user.data, (gssize) login->user.len);
  g_autofree char *key = g_strdup_printf ("%d %d %s", (int) login->server, (int) login->service, user);
  Count           *count = g_hash_table_lookup (run->counts, key);

  if (count == NULL)
    {
      count = g_new0 (Count, 1);
      count->server = login->server;
      count->service = login->service;
      count->user = g_steal_pointer (&user);
      g_hash_table_insert (run->counts, g_steal_pointer (&key), count);
    }
  count->n_logins++;
}

static void
take_line (Run *run, PgSpan line)
{
  PgLineRules rules = pg_config_line_rules (pg_engine_config (run->engine));
  PgClock     clock = { .zone = run->zone, .now_us = g_get_real_time () };
  const char *why;
  PgLogin     login;
  PgLineKind  kind;

  run->line++;
  if (run->format == PG_HEAD_UNKNOWN && (run->format = pg_head_guess (line)) == PG_HEAD_UNKNOWN)
    return;
  kind = pg_login_line_parse (line, run->format, &rules, &clock, &login, &why);
  if (kind == PG_LINE_REFUSED && (run->why || run->unmatched))
    show_refused_line (run, line, why);
  if (kind != PG_LINE_LOGIN || run->unmatched)
    return;
  if (run->summary)
    count_login (run, &login);
  else
    show_login (run, &login, pg_engine_refusal (run->engine, &login, login.time_us));
}

/* Lines that are dropped for their length are lines all the same. */
static void
take_lines (Run *run, PgLines *lines, PgSpan data)
{
  guint64 n_before = pg_lines_n_overlong (lines);
  PgSpan  line;

  while (pg_lines_next (lines, &data, &line))
    {
      run->line += pg_lines_n_overlong (lines) - n_before;
      n_before = pg_lines_n_overlong (lines);
      take_line (run, line);
    }
  run->line += pg_lines_n_overlong (lines) - n_before;
}

static gboolean
parse_fd (Run *run, int fd)
{
  g_autoptr (PgLines) lines = pg_lines_new (FALSE);
  g_autofree char *portion = g_malloc (PORTION);
  gssize           n;

  run->format = run->wanted;
  run->line = 0;
  while ((n = read (fd, portion, PORTION)) > 0 || (n < 0 && errno == EINTR))
    take_lines (run, lines, pg_span (portion, n > 0 ? (gsize) n : 0));
  return n == 0;
}

static gboolean
parse_file (Run *run, const char *path)
{
  gboolean is_stdin = g_str_equal (path, "-");
  int      fd = is_stdin ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC);
  gboolean ok = fd >= 0 && parse_fd (run, fd);

  if (!ok)
    pg_arguments_fail (PG_EXIT_FAILED, "cannot read %s: %s", is_stdin ? "the standard input" : path, g_strerror (errno));
  if (fd >= 0 && !is_stdin)
    close (fd);
  return ok;
}

static void
show_count (const Run *run, const Count *count)
{
  g_autoptr (JsonObject) row = json_object_new ();
  g_autofree char *user = NULL;

  json_object_set_int_member (row, "count", (gint64) count->n_logins);
  json_object_set_string_member (row, "server", pg_server_to_string (count->server));
  json_object_set_string_member (row, "service", pg_service_to_string (count->service));
  json_object_set_string_member (row, "user", count->user);
  if (run->cli->json)
    {
      pg_output_json (row);
      return;
    }
  user = pg_output_text (row, "user");
  pg_output_print (PG_OUTPUT_PLAIN, "%8" G_GUINT64_FORMAT "  %-10s %-10s %s", count->n_logins,
                   pg_server_to_string (count->server), pg_service_to_string (count->service), user);
}

static void
show_summary (const Run *run)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (run->counts), (GCompareFunc) g_strcmp0);

  for (GList *link = keys; link != NULL; link = link->next)
    show_count (run, g_hash_table_lookup (run->counts, link->data));
}

static PgExit
parse_all (Run *run, int n_files, char **files)
{
  PgExit code = PG_EXIT_OK;

  if (n_files == 0 && !parse_file (run, "-"))
    code = PG_EXIT_FAILED;
  for (int i = 0; i < n_files; i++)
    {
      run->file = n_files > 1 ? files[i] : NULL;
      if (!parse_file (run, files[i]))
        code = PG_EXIT_FAILED;
    }
  if (run->summary)
    show_summary (run);
  return pg_output_finish () ? code : PG_EXIT_FAILED;
}

PgExit
pg_cmd_parse (PgCli *cli, int argc, char **argv)
{
  Run                run = { .cli = cli };
  g_autofree char   *format = NULL;
  const GOptionEntry own[] = {
    { "format", 0, 0, G_OPTION_ARG_STRING, &format, "The lines' heads: auto (decided once a file), syslog or dovecot", "FORMAT" },
    { "why", 0, 0, G_OPTION_ARG_NONE, &run.why, "Lines that look like logins and are not taken as well, and why", NULL },
    { "unmatched", 0, 0, G_OPTION_ARG_NONE, &run.unmatched, "Only such lines", NULL },
    { "summary", 0, 0, G_OPTION_ARG_NONE, &run.summary, "Only numbers, by server, service and user", NULL },
    G_OPTION_ENTRY_NULL,
  };
  PgConfig *config;
  PgExit    code;

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, -1))
    return PG_EXIT_USAGE;
  if (format != NULL && !pg_head_format_from_span (pg_span_from_string (format), &run.wanted))
    return pg_arguments_fail (PG_EXIT_USAGE, "--format \"%s\": expected auto, syslog or dovecot", format);
  config = pg_ask_config (cli);
  if (config == NULL)
    return PG_EXIT_USAGE;
  run.engine = pg_engine_new (config, PG_STORE_READ_ONLY);
  run.zone = g_time_zone_new_local ();
  run.counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_count);
  code = parse_all (&run, argc - 1, argv + 1);
  g_hash_table_unref (run.counts);
  g_time_zone_unref (run.zone);
  pg_engine_free (run.engine);
  return code;
}

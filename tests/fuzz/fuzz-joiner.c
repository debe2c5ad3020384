/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins that two lines tell. The input is a sequence of lines, each of four bytes and a text up to an LF:
 *   who speaks (host, program, head; whether the login can be taken at once), process id, seconds since the line before, and
 *   what it says: c  a client connects, from an address that the next bytes choose;   u  a user logged in, named by the text;
 *   e  it is over;   else  the text as it is.
 * A login must have the address of the first line that its process wrote last, not used yet, of the same minute.
 */
#include "core/joiner.h"
#include "core/login-line.h"

#include "common.h"

#define BEGIN_S G_GINT64_CONSTANT (1795435200) /* 2026-11-23 12:00:00 UTC */
#define N_HOSTS 2
#define N_PROGRAMS 4
#define N_PIDS 8

static const char *const any_host[] = { NULL };
static const char *const no_names[] = { NULL };

static const struct
{
  const char *name;
  PgServer    server;
  const char *connects;
  const char *before_user;
  const char *behind_user;
  const char *over;
} programs[N_PROGRAMS] = {
  { "popa3d", PG_SERVER_POPA3D, "Session from ", "Authentication passed for ", "", "Didn't attempt authentication" },
  { "vm-pop3d", PG_SERVER_VM_POP3D, "Connect from ", "User ", " logged in", "Session ended" },
  { "solid-pop3d", PG_SERVER_SOLID_POP3D, "connect from ", "user ", " authenticated", "session ended for user x" },
  { "spop3d", PG_SERVER_SOLID_POP3D, "connect from host.example.org (", "mapped user ", " authenticated",
    "session ended for user x" },
};

/* What a process may still log in with. @is_sure: the joiner has it too. */
typedef struct
{
  gboolean  waits;
  gboolean  is_sure;
  PgAddress address;
  gint64    at_s;
} Model;

typedef struct
{
  PgJoiner *joiner;
  gint64    now_s;
  Model     models[N_HOSTS][N_PROGRAMS][N_PIDS];
} Run;

/* One line of the input. */
typedef struct
{
  guint  who;
  guint  host;
  guint  program;
  guint  pid;
  guint  what;
  PgSpan text;
  char  *message;
} Line;

static GTimeZone *
utc (void)
{
  static GTimeZone *zone = NULL;

  if (zone == NULL)
    zone = g_time_zone_new_utc ();
  return zone;
}

static PgLineKind
parse (Run *run, const char *line, PgLogin *out)
{
  PgLineRules      rules = { .dovecot_names = no_names, .hosts = any_host, .servers = ~0u };
  PgClock          clock = { .zone = utc (), .now_us = run->now_s * PG_SECOND };
  g_autofree char *block = NULL;
  const char      *why = NULL;
  PgLineKind       kind =
      pg_login_line_parse (exact (&block, pg_span_from_string (line)), PG_HEAD_SYSLOG, &rules, &clock, run->joiner, out, &why);

  must ((kind == PG_LINE_REFUSED) == (why != NULL));
  must (pg_joiner_n_waiting (run->joiner) <= PG_JOINER_MAX);
  if (kind == PG_LINE_LOGIN)
    out->user = pg_span (NULL, out->user.len); /* the block goes */
  return kind;
}

static char *
make_line (const Run *run, const Line *line)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (run->now_s);
  g_autofree char *stamp = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  const char      *program = programs[line->program].name;

  if (line->who & 0x40)
    return g_strdup_printf ("<22>1 %s mx%u %s %u - [a b=\"c\"] %s", stamp, line->host, program, line->pid, line->message);
  return g_strdup_printf ("%s mx%u %s[%u]: %s", stamp, line->host, program, line->pid, line->message);
}

static char *
make_message (const Line *line)
{
  g_autofree char *text = g_strndup (line->text.len > 0 ? line->text.data : "", line->text.len);
  guint            number = line->text.len > 0 ? (guchar) line->text.data[0] : 1;

  if (line->what == 'c')
    return g_strdup_printf ("%s%u.0.2.%u%s", programs[line->program].connects, number % 100 + 1, number,
                            strchr (programs[line->program].connects, '(') != NULL ? ")" : "");
  if (line->what == 'u')
    return g_strconcat (programs[line->program].before_user, text, programs[line->program].behind_user, NULL);
  return line->what == 'e' ? g_strdup (programs[line->program].over) : g_steal_pointer (&text);
}

static gboolean
is_plain_name (PgSpan text)
{
  return pg_span_only_has (text, "") && text.len <= PG_USER_MAX;
}

static gboolean
is_in_time (const Run *run, const Model *model)
{
  return model->waits && run->now_s >= model->at_s && run->now_s - model->at_s <= PG_JOINER_AGE / PG_SECOND;
}

/* A login whose line tells no address itself has the one that waits; one that tells it does not contradict. */
static void
check_login (const Run *run, const Line *line, const Model *model, PgHalf half, const PgLogin *login)
{
  char  text[PG_ADDRESS_TEXT_MAX];
  gsize at;

  must (login->server == programs[line->program].server && login->service == PG_SERVICE_POP3);
  must (login->time_us == run->now_s * PG_SECOND);
  must (login->user.len >= 1 && login->user.len <= PG_USER_MAX);
  if (half == PG_HALF_USER && is_in_time (run, model) && pg_address_equal (&login->address, &model->address))
    return;
  must (!model->waits || !model->is_sure || pg_address_equal (&login->address, &model->address));
  must (strchr (line->message, ':') != NULL
        || pg_span_find (pg_span_from_string (line->message), pg_address_to_string (&login->address, text), &at));
}

static void
follow (const Run *run, Model *model, PgLineKind kind, PgHalf half, const PgLogin *said)
{
  if (kind == PG_LINE_LOGIN || (kind == PG_LINE_OTHER && half == PG_HALF_END))
    model->waits = FALSE;
  else if (kind == PG_LINE_OTHER && half == PG_HALF_ADDRESS)
    *model = (Model){ .waits = TRUE, .is_sure = TRUE, .address = said->address, .at_s = run->now_s };
  else if (kind == PG_LINE_REFUSED)
    model->is_sure = FALSE;
}

static void
take_line (Run *run, const Line *line)
{
  Model           *model = &run->models[line->host][line->program][line->pid];
  g_autofree char *text = make_line (run, line);
  PgLogin          said = { 0 };
  PgLogin          login = { 0 };
  PgHalf           half = pg_half_parse (programs[line->program].server, pg_span_from_string (line->message), &said);
  PgLineKind       kind = parse (run, text, &login);

  if (line->what == 'c')
    must (kind == PG_LINE_OTHER && half == PG_HALF_ADDRESS);
  if (line->what == 'u' && is_plain_name (line->text) && model->is_sure && is_in_time (run, model))
    must (kind == PG_LINE_LOGIN && pg_address_equal (&login.address, &model->address) && login.user.len == line->text.len);
  if (kind == PG_LINE_LOGIN)
    check_login (run, line, model, half, &login);
  if (kind == PG_LINE_LOGIN && (line->who & 0x80))
    {
      pg_joiner_restore (run->joiner);
      must (parse (run, text, &login) == PG_LINE_LOGIN);
    }
  follow (run, model, kind, half, &said);
}

static gboolean
take_input (Run *run, PgSpan *input)
{
  Line line = { 0 };

  if (input->len < 4)
    return FALSE;
  line.who = take_byte (input);
  line.host = line.who % N_HOSTS;
  line.program = line.who / N_HOSTS % N_PROGRAMS;
  line.pid = take_byte (input) % N_PIDS;
  run->now_s += (gint64) take_byte (input) % 80 - 10;
  line.what = take_byte (input);
  if (!pg_span_take_until (input, '\n', &line.text))
    {
      line.text = *input;
      *input = pg_span (NULL, 0);
    }
  line.message = make_message (&line);
  take_line (run, &line);
  g_free (line.message);
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan input = pg_span ((const char *) data, size);
  Run    run = { .joiner = pg_joiner_new (), .now_s = BEGIN_S };

  while (take_input (&run, &input))
    continue;
  pg_joiner_free (run.joiner);
  return 0;
}

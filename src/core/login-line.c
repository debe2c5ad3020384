/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-line.h"

#include "core/server-courier.h"
#include "core/server-cyrus.h"
#include "core/server-dovecot.h"
#include "core/server-gnu-pop3d.h"
#include "core/server-perdition.h"
#include "core/server-popa3d.h"
#include "core/server-qpopper.h"
#include "core/server-solid-pop3d.h"
#include "core/server-teapop.h"
#include "core/server-uw.h"
#include "core/server-vm-pop3d.h"
#include "core/server-vpopmail.h"

/* The families whose logins are sentences. */
static const PgFormFamily *const families[] = {
  &pg_server_courier,   &pg_server_cyrus,  &pg_server_uw,        &pg_server_qpopper,  &pg_server_vpopmail,    &pg_server_popa3d,
  &pg_server_perdition, &pg_server_teapop, &pg_server_gnu_pop3d, &pg_server_vm_pop3d, &pg_server_solid_pop3d,
};

/* What the memo tells of a program. */
enum
{
  PROGRAM_UNKNOWN = 0, /* it may be anything */
  PROGRAM_FOREIGN,
  PROGRAM_DOVECOT, /* and no other server's */
  PROGRAM_OTHER,   /* some server's */
};

/* What a message is to a server. @half: PG_HALF_NONE unless it is half a login of a server that writes two lines for one.
 * @is_couriers: the program is one of Courier's too, whether Courier counts or not. */
typedef struct
{
  PgServer    server;
  PgLineKind  kind;
  PgHalf      half;
  PgLogin     login;
  const char *why;
  gboolean    is_couriers;
} Reading;

static gboolean
is_listed (PgSpan name, const char *const *list)
{
  for (; *list != NULL; list++)
    if (pg_span_is (name, *list))
      return TRUE;
  return FALSE;
}

static gboolean
claims_dovecot (const PgHead *head, PgHeadFormat format, const PgLineRules *rules)
{
  return format == PG_HEAD_DOVECOT || is_listed (head->program, rules->dovecot_names);
}

static gboolean
tells (const Reading *reading)
{
  return reading->kind > PG_LINE_OTHER || reading->half != PG_HALF_NONE;
}

/* Programs of several servers have the same name; what two of them take for a login is none. */
static void
add_reading (Reading *all, const Reading *one)
{
  if (tells (all) && tells (one))
    *all = (Reading){ .kind = PG_LINE_REFUSED, .why = "the line may be of two servers" };
  else if (!tells (all))
    *all = *one;
}

/* Returns: whether it is the family's program. */
static gboolean
read_form (const PgFormFamily *family, const PgHead *head, Reading *all)
{
  const PgProgram *program = pg_form_family_find (family, head->program);
  Reading          one = { .server = family->server };

  if (program == NULL)
    return FALSE;
  one.kind = pg_form_family_parse (family, program, head->message, &one.login, &one.why);
  if (one.kind == PG_LINE_OTHER)
    one.half = pg_half_parse (family->server, head->message, &one.login);
  add_reading (all, &one);
  return TRUE;
}

static gboolean
counts (const PgLineRules *rules, PgServer server)
{
  return (rules->servers & 1u << server) != 0;
}

/* @what: what the memo tells of the program. */
static void
read_message (const PgHead *head, PgHeadFormat format, const PgLineRules *rules, guint what, Reading *all)
{
  gboolean is_dovecot = counts (rules, PG_SERVER_DOVECOT) && claims_dovecot (head, format, rules);
  gboolean is_form = FALSE;

  if (is_dovecot)
    {
      all->server = PG_SERVER_DOVECOT;
      all->kind = pg_server_dovecot_parse (head, format, &all->login, &all->why);
    }
  if (format == PG_HEAD_DOVECOT || what == PROGRAM_DOVECOT)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (counts (rules, families[i]->server) && read_form (families[i], head, all))
      is_form = TRUE;
  all->is_couriers = is_form && pg_form_family_find (&pg_server_courier, head->program) != NULL;
}

/* Whether the speaker may be believed, and when it was. Returns: NULL, or why not. */
static const char *
place (const PgHead *head, const PgLineRules *rules, const PgClock *clock, PgLogin *login)
{
  if (head->host.len > 0 && *rules->hosts != NULL && !is_listed (head->host, rules->hosts))
    return "the host is not in [log] hosts";
  if (!pg_stamp_resolve (&head->stamp, clock, &login->time_us))
    return "there is no such day or time";
  return NULL;
}

/* Whether the line may be a piece of another one; it is to be asked of each line of the program. Returns: NULL, or why so. */
static const char *
check_whole (const PgHead *head, const PgClock *clock, PgJoiner *joiner)
{
  PgTorn *torn = joiner != NULL ? pg_joiner_torn (joiner) : NULL;
  gint64  time_us;

  if (torn == NULL || !pg_torn_minds (torn, head->message))
    return NULL;
  if (!pg_stamp_resolve (&head->stamp, clock, &time_us))
    time_us = clock->now_us;
  return pg_torn_take (torn, head, time_us);
}

/* Apart from its caller: all that it needs takes time to set up, which lines that are passed over do not need. */
static G_NO_INLINE PgLineKind
read_line (PgSpan line, PgHeadFormat format, const PgLineRules *rules, const PgClock *clock, PgJoiner *joiner, guint what,
           PgLogin *out, const char **out_why)
{
  Reading     reading = { 0 };
  const char *torn_why = NULL;
  PgHead      head;

  if (!pg_head_parse (line, format, &head))
    return PG_LINE_FOREIGN;
  read_message (&head, format, rules, what, &reading);
  if (reading.kind == PG_LINE_FOREIGN)
    return PG_LINE_FOREIGN;
  pg_joiner_settle (joiner);
  if (reading.is_couriers)
    torn_why = check_whole (&head, clock, joiner);
  *out_why = reading.why;
  if (reading.kind != PG_LINE_LOGIN && reading.half == PG_HALF_NONE)
    return reading.kind;
  *out_why = place (&head, rules, clock, &reading.login);
  if (*out_why == NULL)
    *out_why = torn_why;
  if (pg_half_is_of (reading.server))
    reading.kind = pg_joiner_join (joiner, reading.half, &head, *out_why, &reading.login, out_why);
  else if (*out_why != NULL)
    reading.kind = PG_LINE_REFUSED;
  if (reading.kind == PG_LINE_LOGIN)
    *out = reading.login;
  return reading.kind;
}

/* --- passing over ---------------------------------------------------------------------------------------------------- */

static guint
judge_program (PgSpan program, const PgLineRules *rules)
{
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (counts (rules, families[i]->server) && pg_form_family_find (families[i], program) != NULL)
      return PROGRAM_OTHER;
  if (counts (rules, PG_SERVER_DOVECOT) && is_listed (program, rules->dovecot_names))
    return PROGRAM_DOVECOT;
  return PROGRAM_FOREIGN;
}

/* For the memo: no name that was only glanced at gets there. */
static G_NO_INLINE guint
learn_program (PgSpan line, PgSpan program, const PgLineRules *rules)
{
  PgHead head;
  guint  what;

  if (!pg_head_parse (line, PG_HEAD_SYSLOG, &head) || !pg_span_equal (head.program, program))
    return PROGRAM_UNKNOWN;
  what = judge_program (program, rules);
  pg_program_memo_put (rules->memo, program, what);
  return what;
}

/* As pg_login_line_passes_over(), of a line of syslog. @out_what: what the memo tells of its program */
static gboolean
passes_over (PgSpan line, const PgLineRules *rules, guint *out_what, PgLineKind *out_kind)
{
  PgSpan program;
  PgSpan message;

  *out_what = PROGRAM_UNKNOWN;
  if (!pg_head_peek (line, &program, &message))
    return FALSE;
  *out_what = pg_program_memo_get (rules->memo, program);
  if (*out_what == PROGRAM_UNKNOWN)
    *out_what = learn_program (line, program, rules);
  *out_kind = *out_what == PROGRAM_FOREIGN ? PG_LINE_FOREIGN : PG_LINE_OTHER;
  return *out_what == PROGRAM_FOREIGN
         || (*out_what == PROGRAM_DOVECOT && message.data != NULL && !pg_server_dovecot_is_login (message));
}

gboolean
pg_login_line_passes_over (PgSpan line, PgHeadFormat format, const PgLineRules *rules, PgLineKind *out_kind)
{
  guint what;

  return format == PG_HEAD_SYSLOG && rules->memo != NULL && passes_over (line, rules, &what, out_kind);
}

PgLineKind
pg_login_line_parse (PgSpan line, PgHeadFormat format, const PgLineRules *rules, const PgClock *clock, PgJoiner *joiner,
                     PgLogin *out, const char **out_why)
{
  guint      what = PROGRAM_UNKNOWN;
  PgLineKind kind;

  if (format == PG_HEAD_SYSLOG && rules->memo != NULL && passes_over (line, rules, &what, &kind))
    return kind;
  return read_line (line, format, rules, clock, joiner, what, out, out_why);
}

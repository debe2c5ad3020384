/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/torn.h"

#include "core/address.h"
#include "core/head-key.h"
#include "core/login-form.h"

static const char why_piece[] = "it may be a piece of a longer line";
static const char why_doubt[] = "lines were torn, and none behind them says that this client connected";
static const char why_crowded[] = "too many programs' lines were torn";

/* @port: 0: not told. */
typedef struct
{
  PgAddress address;
  guint     port;
} Peer;

/* A program whose lines were torn. */
typedef struct
{
  char     key[PG_HEAD_KEY_MAX];
  gint64   piece_us; /* of the last line that may be a piece */
  gboolean is_open;  /* the next line may be a piece */
  Peer    *peers;    /* (nullable): PG_TORN_PEERS_MAX clients that connected since */
  guint    n_peers;  /* that came; the last ones are kept */
  GList    link;     /* in order */
} Program;

struct _PgTorn
{
  GHashTable *programs; /* key -> Program */
  GQueue      order;    /* of Program, the one that was torn first at the head */
  gint64      crowded_us;
  gboolean    is_crowded; /* since then a program is missing */
  GHashTable *begun;      /* (nullable): keys without process id of which a line was read since the reading was resumed */
};

static void
free_program (gpointer data)
{
  Program *program = data;

  g_free (program->peers);
  g_free (program);
}

PgTorn *
pg_torn_new (void)
{
  PgTorn *self = g_new0 (PgTorn, 1);

  self->programs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_program);
  g_queue_init (&self->order);
  return self;
}

void
pg_torn_free (PgTorn *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->programs);
  g_clear_pointer (&self->begun, g_hash_table_unref);
  g_free (self);
}

void
pg_torn_resume (PgTorn *self)
{
  g_clear_pointer (&self->begun, g_hash_table_unref);
  self->begun = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* --- clients --------------------------------------------------------------------------------------------------------- */

/* ", port=[N]", or ", port=N" as older ones write it */
static gboolean
take_port (PgSpan *text, guint *out)
{
  if (pg_span_take (text, ", port=["))
    return pg_span_take_number (text, 1, 5, out) && pg_span_take (text, "]");
  return !pg_span_take (text, ", port=") || pg_span_take_number (text, 1, 5, out);
}

/* "ip=[A], port=[N]", with or without port */
static gboolean
take_peer (PgSpan *text, Peer *out)
{
  PgSpan address;

  *out = (Peer){ 0 };
  return pg_span_take (text, "ip=[") && pg_span_take_until (text, ']', &address) && pg_address_parse (address, &out->address)
         && take_port (text, &out->port);
}

static gboolean
parse_connection (PgSpan message, Peer *out)
{
  return pg_span_take (&message, "Connection, ") && take_peer (&message, out) && message.len == 0;
}

/* A login's client is told last. */
static gboolean
parse_login (PgSpan message, Peer *out)
{
  gsize at;

  if (!pg_span_take (&message, "LOGIN, ") || !pg_span_find (message, ", ip=[", &at))
    return FALSE;
  do
    pg_span_skip (&message, at + strlen (", "));
  while (pg_span_find (message, ", ip=[", &at));
  return take_peer (&message, out);
}

static void
add_peer (Program *program, const Peer *peer)
{
  if (program->peers == NULL)
    program->peers = g_new0 (Peer, PG_TORN_PEERS_MAX);
  program->peers[program->n_peers++ % PG_TORN_PEERS_MAX] = *peer;
}

static void
forget_peers (Program *program)
{
  g_clear_pointer (&program->peers, g_free);
  program->n_peers = 0;
}

static gboolean
has_peer (const Program *program, const Peer *peer)
{
  for (guint i = 0; i < MIN (program->n_peers, PG_TORN_PEERS_MAX); i++)
    {
      const Peer *one = &program->peers[i];

      if (pg_address_equal (&one->address, &peer->address) && (one->port == peer->port || one->port == 0 || peer->port == 0))
        return TRUE;
    }
  return FALSE;
}

/* --- programs -------------------------------------------------------------------------------------------------------- */

static void
drop (PgTorn *self, Program *program)
{
  g_queue_unlink (&self->order, &program->link);
  g_hash_table_remove (self->programs, program->key);
}

static gboolean
is_over (const Program *program, gint64 time_us)
{
  return !program->is_open && time_us - program->piece_us > PG_TORN_AGE;
}

/* Makes room: of what is over, else of what was torn first. */
static void
make_room (PgTorn *self, gint64 time_us)
{
  for (GList *link = self->order.head, *next; link != NULL; link = next)
    {
      next = link->next;
      if (is_over (link->data, time_us))
        drop (self, link->data);
    }
  if (self->order.length < PG_TORN_MAX)
    return;
  drop (self, self->order.head->data);
  self->is_crowded = TRUE;
  self->crowded_us = time_us;
}

static Program *
add_program (PgTorn *self, const char *key, gint64 time_us)
{
  Program *program = g_new0 (Program, 1);

  if (self->order.length >= PG_TORN_MAX)
    make_room (self, time_us);
  g_strlcpy (program->key, key, sizeof program->key);
  program->link.data = program;
  g_queue_push_tail_link (&self->order, &program->link);
  g_hash_table_insert (self->programs, program->key, program);
  return program;
}

static void
note_piece (Program *program, gint64 time_us, gboolean is_open)
{
  program->piece_us = time_us;
  program->is_open = is_open;
  forget_peers (program);
}

/* --- lines ----------------------------------------------------------------------------------------------------------- */

/* The first line of the program since reading was resumed, and so perhaps the second piece of one before it. */
static gboolean
begins (PgTorn *self, const PgHead *head)
{
  char key[PG_HEAD_KEY_MAX];

  if (self->begun == NULL || g_hash_table_size (self->begun) >= PG_TORN_MAX || !pg_head_key (head, pg_span (NULL, 0), key)
      || g_hash_table_contains (self->begun, key))
    return FALSE;
  g_hash_table_add (self->begun, g_strdup (key));
  return TRUE;
}

static const char *
check_crowd (PgTorn *self, gint64 time_us)
{
  self->is_crowded = self->is_crowded && time_us - self->crowded_us <= PG_TORN_AGE;
  return self->is_crowded ? why_crowded : NULL;
}

/* A whole line of a program whose lines were torn before. */
static const char *
take_whole (Program *program, PgSpan message, gint64 time_us)
{
  Peer peer;

  if (parse_connection (message, &peer) && time_us - program->piece_us >= PG_TORN_MARGIN)
    add_peer (program, &peer);
  return parse_login (message, &peer) && has_peer (program, &peer) ? NULL : why_doubt;
}

static const char *
take_line (PgTorn *self, Program *program, PgSpan message, gint64 time_us)
{
  program->piece_us = MIN (program->piece_us, time_us); /* the clock may have been set back */
  if (program->is_open)
    {
      note_piece (program, time_us, FALSE);
      return why_piece;
    }
  if (!is_over (program, time_us))
    return take_whole (program, message, time_us);
  drop (self, program);
  return NULL;
}

gboolean
pg_torn_minds (const PgTorn *self, PgSpan message)
{
  return self->begun != NULL || self->is_crowded || self->order.length > 0 || message.len > PG_LOGIN_FORM_MAX;
}

const char *
pg_torn_take (PgTorn *self, const PgHead *head, gint64 time_us)
{
  gboolean is_first = begins (self, head);
  char     key[PG_HEAD_KEY_MAX];
  Program *program;

  if (!pg_head_key (head, head->pid, key))
    return why_piece;
  program = g_hash_table_lookup (self->programs, key);
  if (head->message.len > PG_LOGIN_FORM_MAX)
    {
      note_piece (program != NULL ? program : add_program (self, key, time_us), time_us, TRUE);
      return why_piece;
    }
  if (program != NULL)
    return take_line (self, program, head->message, time_us);
  return is_first ? why_piece : check_crowd (self, time_us);
}

guint
pg_torn_n_programs (const PgTorn *self)
{
  return self->order.length;
}

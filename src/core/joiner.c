/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/joiner.h"

#include "core/head-key.h"

typedef struct
{
  char      key[PG_HEAD_KEY_MAX];
  gint64    time_us;
  PgAddress address;
  GList     link; /* in order */
} First;

struct _PgJoiner
{
  GHashTable *waiting; /* key -> First */
  GQueue      order;   /* of First, the one that has waited longest at the head */
  First      *used;    /* (nullable): by the login that was told last; not waiting */
  PgTorn     *torn;
};

PgJoiner *
pg_joiner_new (void)
{
  PgJoiner *self = g_new0 (PgJoiner, 1);

  self->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_queue_init (&self->order);
  self->torn = pg_torn_new ();
  return self;
}

void
pg_joiner_free (PgJoiner *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->waiting);
  g_free (self->used);
  pg_torn_free (self->torn);
  g_free (self);
}

/* Ends the waiting of what has this key. Returns: (transfer full): it, or NULL. */
static First *
steal (PgJoiner *self, const char *key)
{
  First *first = g_hash_table_lookup (self->waiting, key);

  if (first == NULL)
    return NULL;
  g_hash_table_steal (self->waiting, key);
  g_queue_unlink (&self->order, &first->link);
  return first;
}

static void
drop (PgJoiner *self, const char *key)
{
  g_free (steal (self, key));
}

/* Takes over @first. */
static void
wait (PgJoiner *self, First *first)
{
  drop (self, first->key);
  if (self->order.length >= PG_JOINER_MAX)
    drop (self, ((First *) self->order.head->data)->key);
  first->link.data = first;
  g_queue_push_tail_link (&self->order, &first->link);
  g_hash_table_insert (self->waiting, first->key, first);
}

static void
take_address (PgJoiner *self, const char *key, const PgLogin *login)
{
  First *first = g_new0 (First, 1);

  g_strlcpy (first->key, key, sizeof first->key);
  first->time_us = login->time_us;
  first->address = login->address;
  wait (self, first);
}

static const char *
check_name (PgSpan name)
{
  if (name.len == 0)
    return "the user name is empty";
  if (name.len > PG_USER_MAX)
    return "the user name is too long";
  for (gsize i = 0; i < name.len; i++)
    if ((guchar) name.data[i] < 0x20 || name.data[i] == 0x7f)
      return "a control byte";
  return NULL;
}

static const char *
take_user (PgJoiner *self, const char *key, PgLogin *login)
{
  First *first = steal (self, key);

  self->used = first;
  if (first == NULL)
    return "no line before it says from where";
  if (login->time_us < first->time_us || login->time_us - first->time_us > PG_JOINER_AGE)
    return "the line that says from where is not of the same minute";
  login->address = first->address;
  return check_name (login->user);
}

/* A login in one line: what waits has to say the same. */
static const char *
take_whole (PgJoiner *self, const char *key, const PgLogin *login)
{
  First *first = self->used = steal (self, key);

  return first == NULL || pg_address_equal (&first->address, &login->address) ? NULL : "an earlier line says another address";
}

/* Why the line is no login. NULL: it is one. */
static const char *
check (PgJoiner *self, PgHalf half, const char *key, PgLogin *login)
{
  if (half == PG_HALF_NONE)
    return key != NULL ? take_whole (self, key, login) : NULL;
  return key != NULL ? take_user (self, key, login) : "no process id tells which line says from where";
}

PgLineKind
pg_joiner_join (PgJoiner *self, PgHalf half, const PgHead *head, const char *refusal, PgLogin *login, const char **out_why)
{
  char     key[PG_HEAD_KEY_MAX];
  gboolean has_key = self != NULL && head->pid.len > 0 && pg_head_key (head, head->pid, key);

  pg_joiner_settle (self);
  if (has_key && (refusal != NULL || half == PG_HALF_END))
    drop (self, key);
  else if (has_key && half == PG_HALF_ADDRESS)
    take_address (self, key, login);
  *out_why = NULL;
  if (half == PG_HALF_ADDRESS || half == PG_HALF_END)
    return PG_LINE_OTHER;
  *out_why = refusal != NULL ? refusal : check (self, half, has_key ? key : NULL, login);
  return *out_why != NULL ? PG_LINE_REFUSED : PG_LINE_LOGIN;
}

void
pg_joiner_restore (PgJoiner *self)
{
  if (self != NULL && self->used != NULL)
    wait (self, g_steal_pointer (&self->used));
}

void
pg_joiner_settle (PgJoiner *self)
{
  if (self != NULL)
    g_clear_pointer (&self->used, g_free);
}

PgTorn *
pg_joiner_torn (PgJoiner *self)
{
  return self->torn;
}

guint
pg_joiner_n_waiting (const PgJoiner *self)
{
  return self->order.length;
}

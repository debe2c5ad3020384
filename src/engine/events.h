/* SPDX-License-Identifier: GPL-3.0-or-later */
/* events: what happens, told to whoever wants to hear of it: popgate watch, the usage that report tells of, metrics.
 *
 * Telling is cheap while nobody listens, and changes nothing. All in one thread.
 */
#pragma once

#include "core/login.h"
#include "core/note.h"
#include "core/query.h"

G_BEGIN_DECLS

typedef struct _PgEvents PgEvents;
struct _PgFinding;

typedef enum
{
  PG_EVENT_LOGIN,     /* a login was read */
  PG_EVENT_VERDICT,   /* a question was answered */
  PG_EVENT_NOTE,      /* a note was made */
  PG_EVENT_FORGOTTEN, /* a note was removed */
  PG_EVENT_SOURCE,    /* whether logins are read to the end has changed */
  PG_EVENT_STORE,     /* whether the database can be used has changed */
  PG_N_EVENTS
} PgEventKind;

/**
 * PgEvent: what happened; all pointers are borrowed for as long as the call lasts.
 * @now_us: LOGIN and VERDICT only: when it was read or asked
 * @login: LOGIN only, its time clamped; @fate: a PgLoginFate; @why: (nullable): why it was refused
 * @query: VERDICT only; @finding: what was decided, and the record it rests on
 * @note: NOTE and FORGOTTEN only
 * @problem: (nullable): SOURCE and STORE only: what is wrong; NULL: nothing any more
 */
typedef struct
{
  PgEventKind        kind;
  gint64             now_us;
  const PgLogin     *login;
  guint              fate;
  const char        *why;
  const PgQuery     *query;
  struct _PgFinding *finding;
  const PgNote      *note;
  const char        *problem;
} PgEvent;

/** PG_EVENT_RECALLED: beside kinds that are subscribed to: of a verdict that can be given without reading the record, its newest
 * login is enough; pg_engine_read_record() reads the rest. */
#define PG_EVENT_RECALLED (1U << PG_N_EVENTS)

/** PgEventSink: hears of @event; must not subscribe or unsubscribe, nor change the engine. */
typedef void (*PgEventSink) (const PgEvent *event, gpointer user_data);

/** pg_events_new: (transfer full): free with pg_events_free(). */
PgEvents *pg_events_new (void);

/** pg_events_free: ends @self; NULL is legal. */
void pg_events_free (PgEvents *self);

/**
 * pg_events_subscribe:
 * @kinds: a set of 1 << PgEventKind, and PG_EVENT_RECALLED
 * @sink: called at each event of these kinds, until pg_events_unsubscribe() with the same @user_data
 */
void pg_events_subscribe (PgEvents *self, guint kinds, PgEventSink sink, gpointer user_data);

/** pg_events_unsubscribe: @user_data hears of nothing more; nothing is done if it never did. */
void pg_events_unsubscribe (PgEvents *self, gpointer user_data);

/** pg_events_is_wanted: TRUE if somebody wants to hear of @kind. */
gboolean pg_events_is_wanted (const PgEvents *self, PgEventKind kind);

/** pg_events_wants_records: TRUE if somebody wants to hear of verdicts with the whole records they rest on. */
gboolean pg_events_wants_records (const PgEvents *self);

/** pg_events_tell: tells @event to all who want to hear of its kind. */
void pg_events_tell (const PgEvents *self, const PgEvent *event);

G_END_DECLS

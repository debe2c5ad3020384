/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/watcher.h"

#include "core/duration.h"
#include "daemon/grant-log.h"

#include <glib-unix.h>

/* Read at once before other things get their turn. */
#define BUDGET 262144

/* Being behind for less than this is the normal state of a log that grows. */
#define BEHIND_LIMIT_US PG_SECOND

typedef struct
{
  PgWatcher *owner;
  PgSource  *source;
  PgJoiner  *joiner;
  guint      fd_source;            /* in the main loop; 0: none */
  guint      idle_source;          /* reads on at once; 0: none */
  gboolean   was_current;          /* ever, since the start or since it was blind */
  gboolean   is_told;              /* that it is blind */
  gint64     not_current_since_us; /* monotonic; 0: it is current */
  GBytes    *noted;                /* position to be saved */
  GBytes    *saved;
} Feed;

struct _PgWatcher
{
  PgEngine         *engine;
  GPtrArray        *feeds; /* of Feed */
  GTimeZone        *zone;
  gboolean          is_started;
  PgWatcherCounters counters;
  PgLogThrottle     grants;
  PgLogThrottle     refusals;
};

/* --- one line -------------------------------------------------------------------------------------------------------- */

static void
tell_refused_line (PgWatcher *self, PgSpan line, const char *why)
{
  if (pg_log_may (&self->refusals, "log lines that are no plain login"))
    {
      g_autofree char *shown = pg_span_escape (line, 300);

      g_warning ("not taken for a login (%s): \"%s\"", why, shown);
    }
}

static gboolean
take_login (PgWatcher *self, const PgLogin *login, gint64 now_us)
{
  g_autoptr (GError) error = NULL;
  const char *why;
  PgLoginFate fate = pg_engine_login (self->engine, login, now_us, &why, &error);

  if (fate == PG_LOGIN_GRANTED)
    pg_grant_log_tell (&self->grants, login);
  return fate != PG_LOGIN_FAILED;
}

static gboolean
take_line (PgSpan line, PgHeadFormat format, gpointer user_data)
{
  Feed       *feed = user_data;
  PgWatcher  *self = feed->owner;
  PgLineRules rules = pg_config_line_rules (pg_engine_config (self->engine));
  PgClock     clock = { .zone = self->zone, .now_us = g_get_real_time () };
  const char *why;
  PgLogin     login;
  PgLineKind  kind = pg_login_line_parse (line, format, &rules, &clock, feed->joiner, &login, &why);

  if (kind == PG_LINE_LOGIN && !take_login (self, &login, clock.now_us))
    {
      pg_joiner_restore (feed->joiner);
      return FALSE;
    }
  if (kind == PG_LINE_REFUSED)
    tell_refused_line (self, line, why);
  self->counters.lines[kind]++;
  return TRUE;
}

/* --- health ---------------------------------------------------------------------------------------------------------- */

static void
follow_state (Feed *feed)
{
  PgSourceState state = pg_source_state (feed->source);

  if (state == PG_SOURCE_CURRENT)
    {
      if (feed->is_told)
        g_message ("%s: can be read again", pg_source_name (feed->source));
      feed->was_current = TRUE;
      feed->is_told = FALSE;
      feed->not_current_since_us = 0;
      return;
    }
  if (feed->not_current_since_us == 0)
    feed->not_current_since_us = g_get_monotonic_time ();
  if (state == PG_SOURCE_BLIND && !feed->is_told)
    {
      g_warning ("%s: %s", pg_source_name (feed->source), pg_source_problem (feed->source));
      feed->is_told = TRUE;
    }
}

static gint64
not_current_for (const Feed *feed)
{
  return feed->not_current_since_us != 0 ? g_get_monotonic_time () - feed->not_current_since_us : 0;
}

/* Why logins may be missing that this source has, or would have: NULL if none can. Transfer full. */
static char *
find_problem (const Feed *feed, gint64 stale_us)
{
  const char   *name = pg_source_name (feed->source);
  PgSourceState state = pg_source_state (feed->source);
  gint64        for_us = not_current_for (feed);

  if (state == PG_SOURCE_BLIND && (!feed->was_current || for_us > stale_us))
    return g_strdup_printf ("%s: %s", name, pg_source_problem (feed->source));
  if (state == PG_SOURCE_BEHIND && (!feed->was_current || for_us > BEHIND_LIMIT_US))
    return g_strdup_printf ("%s: catching up", name);
  return NULL;
}

/* Blind for long: what is found when it can be read again is an outage's worth of lines. */
static void
forget_old_health (Feed *feed, gint64 stale_us)
{
  if (pg_source_state (feed->source) == PG_SOURCE_BLIND && not_current_for (feed) > stale_us)
    feed->was_current = FALSE;
}

static void
tell_engine (PgWatcher *self)
{
  gint64           stale_us = pg_engine_config (self->engine)->stale_us;
  g_autofree char *problem = self->is_started ? NULL : g_strdup ("the logs are not being read yet");

  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      follow_state (feed);
      forget_old_health (feed, stale_us);
      if (problem == NULL)
        problem = find_problem (feed, stale_us);
    }
  if (g_strcmp0 (problem, pg_engine_source_problem (self->engine)) != 0)
    pg_engine_set_source_problem (self->engine, problem);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static void read_feed (Feed *feed);

static gboolean
read_on (gpointer user_data)
{
  Feed *feed = user_data;

  feed->idle_source = 0;
  read_feed (feed);
  return G_SOURCE_REMOVE;
}

static gboolean
read_ready (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  Feed *feed = user_data;

  read_feed (feed);
  return feed->fd_source != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* A descriptor that has come to its end would be ready for ever, and so is one whose lines are not taken now. */
static void
wait_for_more (Feed *feed, gboolean can_take)
{
  int fd = can_take ? pg_source_fd (feed->source) : -1;

  if (fd >= 0 && feed->fd_source == 0)
    feed->fd_source = g_unix_fd_add (fd, G_IO_IN | G_IO_HUP | G_IO_ERR, read_ready, feed);
  else if (fd < 0 && feed->fd_source != 0)
    {
      g_source_remove (feed->fd_source);
      feed->fd_source = 0;
    }
}

static void
read_feed (Feed *feed)
{
  PgWatcher   *self = feed->owner;
  PgSourceSink sink = { .take = take_line, .user_data = feed };
  gboolean     more = pg_source_read (feed->source, BUDGET, &sink);

  if (more && feed->idle_source == 0)
    feed->idle_source = g_idle_add_full (G_PRIORITY_DEFAULT, read_on, feed, NULL);
  wait_for_more (feed, more || pg_source_state (feed->source) != PG_SOURCE_BEHIND);
  tell_engine (self);
}

static void
start_feed (Feed *feed)
{
  PgWatcher *self = feed->owner;
  g_autoptr (GBytes) position = NULL;
  g_autoptr (GError) error = NULL;
  PgClock     clock = { .zone = self->zone, .now_us = g_get_real_time () };
  const char *name = pg_source_name (feed->source);
  gint64      since_us = clock.now_us - pg_engine_config (self->engine)->window_us;

  if (pg_store_get_position (pg_engine_store (self->engine), name, &position, &error) == PG_STORE_FAILED)
    g_warning ("%s: where reading stopped is not known, looking back one window: %s", name, error->message);
  pg_source_start (feed->source, position, since_us, &clock);
  read_feed (feed);
}

static void
start (PgWatcher *self)
{
  if (self->is_started || pg_engine_problem (self->engine) != NULL)
    return;
  self->is_started = TRUE;
  for (guint i = 0; i < self->feeds->len; i++)
    start_feed (g_ptr_array_index (self->feeds, i));
}

void
pg_watcher_tick (PgWatcher *self)
{
  start (self);
  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      pg_source_tick (feed->source);
      read_feed (feed);
    }
  tell_engine (self);
}

void
pg_watcher_note_positions (PgWatcher *self)
{
  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      g_clear_pointer (&feed->noted, g_bytes_unref);
      feed->noted = pg_source_position (feed->source);
    }
}

static gboolean
save_position (PgWatcher *self, Feed *feed, GError **error)
{
  if (feed->noted == NULL || (feed->saved != NULL && g_bytes_equal (feed->noted, feed->saved)))
    return TRUE;
  if (!pg_store_put_position (pg_engine_store (self->engine), pg_source_name (feed->source), feed->noted, error))
    return FALSE;
  g_clear_pointer (&feed->saved, g_bytes_unref);
  feed->saved = g_bytes_ref (feed->noted);
  return TRUE;
}

gboolean
pg_watcher_save_positions (PgWatcher *self, GError **error)
{
  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    if (!save_position (self, g_ptr_array_index (self->feeds, i), error))
      return FALSE;
  return TRUE;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static void
free_feed (gpointer data)
{
  Feed *feed = data;

  if (feed->fd_source != 0)
    g_source_remove (feed->fd_source);
  if (feed->idle_source != 0)
    g_source_remove (feed->idle_source);
  g_clear_pointer (&feed->noted, g_bytes_unref);
  g_clear_pointer (&feed->saved, g_bytes_unref);
  pg_source_free (feed->source);
  pg_joiner_free (feed->joiner);
  g_free (feed);
}

PgWatcher *
pg_watcher_new (PgEngine *engine, GError **error)
{
  PgWatcher *self = g_new0 (PgWatcher, 1);
  char     **spec;

  self->engine = engine;
  self->zone = g_time_zone_new_local ();
  self->feeds = g_ptr_array_new_with_free_func (free_feed);
  for (spec = pg_engine_config (engine)->sources; *spec != NULL; spec++)
    {
      PgSource *source = pg_source_new (*spec, error);
      Feed     *feed;

      if (source == NULL)
        {
          pg_watcher_free (self);
          return NULL;
        }
      feed = g_new0 (Feed, 1);
      feed->owner = self;
      feed->source = source;
      feed->joiner = pg_joiner_new ();
      g_ptr_array_add (self->feeds, feed);
    }
  tell_engine (self);
  return self;
}

void
pg_watcher_free (PgWatcher *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->feeds);
  g_time_zone_unref (self->zone);
  g_free (self);
}

guint
pg_watcher_n_sources (const PgWatcher *self)
{
  return self->feeds->len;
}

PgWatcherReport
pg_watcher_report (const PgWatcher *self, guint index)
{
  const Feed *feed = g_ptr_array_index (self->feeds, index);

  return (PgWatcherReport){
    .name = pg_source_name (feed->source),
    .state = self->is_started ? pg_source_state (feed->source) : PG_SOURCE_BEHIND,
    .problem = self->is_started ? pg_source_problem (feed->source) : NULL,
    .for_us = not_current_for (feed),
  };
}

const PgWatcherCounters *
pg_watcher_counters (const PgWatcher *self)
{
  return &self->counters;
}

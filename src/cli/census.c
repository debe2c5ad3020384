/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/census.h"

#include "control/message.h"
#include "core/duration.h"

/* GDate's number of 1970-01-01. */
#define EPOCH_JULIAN 719163

static void
free_user (gpointer user)
{
  PgCensusUser *self = user;

  g_free (self->name);
  g_free (self->days);
  g_free (self);
}

static void
free_pair (gpointer pair)
{
  PgCensusPair *self = pair;

  g_free (self->user);
  g_free (self->address);
  g_free (self->days);
  g_free (self);
}

PgCensus *
pg_census_new (void)
{
  PgCensus *self = g_new0 (PgCensus, 1);

  self->pairs = g_ptr_array_new_with_free_func (free_pair);
  self->auths = g_ptr_array_new_with_free_func (free_pair);
  self->users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_user);
  self->n_stored = self->n_stored_max = self->n_not_counted = -1;
  return self;
}

void
pg_census_free (PgCensus *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->pairs);
  g_ptr_array_unref (self->auths);
  g_hash_table_unref (self->users);
  g_free (self->recipients);
  g_free (self->dependants);
  g_free (self->auth_users);
  g_free (self);
}

guint32
pg_census_first_day (const PgCensus *self)
{
  return self->today + 1 - self->n_days;
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

/* FALSE if @text is no date. */
static gboolean
read_day (const char *text, guint32 *out)
{
  PgSpan span = pg_span_from_string (text != NULL ? text : "");
  guint  year, month, day;
  GDate  date;

  if (!pg_span_take_number (&span, 4, 4, &year) || !pg_span_take (&span, "-") || !pg_span_take_number (&span, 2, 2, &month)
      || !pg_span_take (&span, "-") || !pg_span_take_number (&span, 2, 2, &day) || span.len > 0
      || !g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year))
    return FALSE;
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) day, (GDateMonth) month, (GDateYear) year);
  *out = g_date_get_julian (&date) - EPOCH_JULIAN;
  return g_date_get_julian (&date) >= EPOCH_JULIAN;
}

static void
take_all (PgCensus *self, JsonObject *row)
{
  gint64 n_days = pg_message_get_int (row, "days", 0);

  if (self->n_days > 0 || n_days < 1 || n_days > PG_USAGE_DAYS || !read_day (pg_message_get_string (row, "today"), &self->today))
    return;
  self->n_days = (guint) n_days;
  self->n_stored = pg_message_get_int (row, "pairs", -1);
  self->n_stored_max = pg_message_get_int (row, "pairs_max", -1);
  self->n_not_counted = pg_message_get_int (row, "not_counted", -1);
  self->recipients = g_new0 (guint64, self->n_days);
  self->dependants = g_new0 (guint64, self->n_days);
  self->auth_users = g_new0 (guint64, self->n_days);
}

static PgUsageWay
read_way (const char *text)
{
  for (PgUsageWay way = PG_USAGE_LOGIN; way < PG_N_USAGE_WAYS; way++)
    if (g_strcmp0 (text, pg_usage_way_name (way)) == 0)
      return way;
  return PG_USAGE_NONE;
}

static void
read_days (const PgCensus *self, JsonObject *days, PgCensusPair *pair)
{
  JsonObjectIter iter;
  const char    *date;
  guint32        day;

  pair->days = g_new0 (guint64, self->n_days);
  json_object_iter_init (&iter, days);
  while (json_object_iter_next (&iter, &date, NULL))
    {
      gint64 n = pg_message_get_int (days, date, 0);

      if (n <= 0 || !read_day (date, &day) || day > self->today || self->today - day >= self->n_days)
        continue;
      pair->days[day - pg_census_first_day (self)] = (guint64) n;
      pair->recipients += (guint64) n;
      pair->days_used++;
    }
}

/* Not yet known under its name; transfer none. */
static PgCensusUser *
find_user (PgCensus *self, const PgCensusPair *pair)
{
  g_autofree char *key = pair->user[0] != '\0' ? g_ascii_strdown (pair->user, -1) : g_strconcat ("\n", pair->address, NULL);
  PgCensusUser    *user = g_hash_table_lookup (self->users, key);

  if (user != NULL)
    return user;
  user = g_new0 (PgCensusUser, 1);
  user->name = g_strdup (pair->user);
  user->days = g_new0 (guint64, self->n_days);
  g_hash_table_insert (self->users, g_steal_pointer (&key), user);
  return user;
}

static void
count_for_user (const PgCensus *self, PgCensusUser *user, const PgCensusPair *pair)
{
  if (pair->way == PG_USAGE_AUTH)
    {
      user->auth_first_s = user->auth_first_s == 0 ? pair->first_s : MIN (user->auth_first_s, pair->first_s);
      user->auth_last_s = MAX (user->auth_last_s, pair->last_s);
      return;
    }
  user->login_last_s = MAX (user->login_last_s, pair->last_s);
  user->recipients += pair->recipients;
  for (guint i = 0; i < self->n_days; i++)
    user->days[i] += pair->days[i];
}

static void
take_pair (PgCensus *self, JsonObject *row)
{
  JsonNode     *days = json_object_get_member (row, "days");
  const char   *user = pg_message_get_string (row, "user");
  const char   *address = pg_message_get_string (row, "address");
  PgUsageWay    way = read_way (pg_message_get_string (row, "way"));
  PgCensusPair *pair;

  if (way == PG_USAGE_NONE || days == NULL || !JSON_NODE_HOLDS_OBJECT (days) || self->n_days == 0)
    return;
  pair = g_new0 (PgCensusPair, 1);
  pair->way = way;
  pair->user = g_strdup (user != NULL ? user : "");
  pair->address = g_strdup (address != NULL ? address : "");
  pair->first_s = pg_message_get_int (row, "first", 0);
  pair->last_s = pg_message_get_int (row, "last", 0);
  pair->total = (guint64) MAX (pg_message_get_int (row, "total", 0), 0);
  read_days (self, json_node_get_object (days), pair);
  if (way != PG_USAGE_ALLOW)
    {
      pair->owner = find_user (self, pair);
      count_for_user (self, pair->owner, pair);
    }
  g_ptr_array_add (way == PG_USAGE_AUTH ? self->auths : self->pairs, pair);
}

void
pg_census_add_row (PgCensus *self, JsonObject *row)
{
  if (json_object_has_member (row, "today"))
    take_all (self, row);
  else
    take_pair (self, row);
}

/* --- counting -------------------------------------------------------------------------------------------------------- */

static PgCensusState
judge_user (const PgCensus *self, const PgCensusUser *user)
{
  guint32 login_day = pg_usage_day_of (user->login_last_s * PG_SECOND);

  if (user->auth_last_s == 0)
    return PG_CENSUS_DEPENDS;
  if (user->auth_first_s > user->login_last_s)
    return PG_CENSUS_MOVED;
  if (user->auth_last_s > user->login_last_s && login_day + PG_CENSUS_QUIET_DAYS <= self->today)
    return PG_CENSUS_MOVED;
  return PG_CENSUS_BOTH;
}

/* A user, or an address that is allowed. */
static void
count_dependant (PgCensus *self, const guint64 *days)
{
  guint in_week = 0;
  guint before = 0;

  for (guint i = 0; i < self->n_days; i++)
    {
      guint back = self->n_days - 1 - i;

      self->dependants[i] += days[i] > 0;
      self->recipients[i] += days[i];
      self->n_recipients += days[i];
      in_week = in_week || (back < PG_CENSUS_WEEK && days[i] > 0);
      before = before || (back >= PG_CENSUS_WEEK && back < 2 * PG_CENSUS_WEEK && days[i] > 0);
    }
  self->n_dependants_week += in_week;
  self->n_dependants_before += before;
}

static void
count_user (PgCensus *self, PgCensusUser *user)
{
  user->state = judge_user (self, user);
  self->n_moved += user->login_last_s > 0 && user->state == PG_CENSUS_MOVED;
  self->n_depending += user->recipients > 0 && user->state != PG_CENSUS_MOVED;
  self->n_both += user->recipients > 0 && user->state == PG_CENSUS_BOTH;
  count_dependant (self, user->days);
}

static void
count_users (PgCensus *self)
{
  GHashTableIter iter;
  gpointer       user;

  g_hash_table_iter_init (&iter, self->users);
  while (g_hash_table_iter_next (&iter, NULL, &user))
    count_user (self, user);
}

static void
count_pairs (PgCensus *self)
{
  g_autoptr (GHashTable) addresses = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->pairs->len; i++)
    {
      const PgCensusPair *pair = g_ptr_array_index (self->pairs, i);

      self->n_older += pair->recipients == 0;
      if (pair->way == PG_USAGE_ALLOW)
        {
          self->n_allowed += pair->recipients > 0;
          count_dependant (self, pair->days);
        }
      else if (pair->recipients > 0 && pair->owner->state != PG_CENSUS_MOVED)
        g_hash_table_add (addresses, pair->address);
    }
  self->n_addresses = g_hash_table_size (addresses);
  for (guint i = 0; i < self->auths->len; i++)
    for (guint day = 0; day < self->n_days; day++)
      self->auth_users[day] += ((const PgCensusPair *) g_ptr_array_index (self->auths, i))->days[day] > 0;
}

static void
count_weeks (PgCensus *self)
{
  self->has_trend = self->n_days >= 2 * PG_CENSUS_WEEK;
  for (guint back = 0; back < MIN (self->n_days, 2 * PG_CENSUS_WEEK); back++)
    if (back < PG_CENSUS_WEEK)
      self->n_recipients_week += self->recipients[self->n_days - 1 - back];
    else
      self->n_recipients_before += self->recipients[self->n_days - 1 - back];
}

static gint
compare_pairs (gconstpointer a, gconstpointer b)
{
  const PgCensusPair *left = *(const PgCensusPair *const *) a;
  const PgCensusPair *right = *(const PgCensusPair *const *) b;
  gint                order;

  if (left->last_s != right->last_s)
    return left->last_s > right->last_s ? -1 : 1;
  order = strcmp (left->user, right->user);
  return order != 0 ? order : strcmp (left->address, right->address);
}

static void
drop_older (PgCensus *self)
{
  for (guint i = self->pairs->len; i-- > 0;)
    if (((const PgCensusPair *) g_ptr_array_index (self->pairs, i))->recipients == 0)
      g_ptr_array_remove_index_fast (self->pairs, i);
}

void
pg_census_finish (PgCensus *self)
{
  count_users (self);
  count_pairs (self);
  count_weeks (self);
  drop_older (self);
  g_ptr_array_sort (self->pairs, compare_pairs);
  g_ptr_array_sort (self->auths, compare_pairs);
}

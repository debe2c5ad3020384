/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/list-table.h"

#include "cli/output.h"

#include <stdio.h>
#include <string.h>

/* Rows that are looked at before the first is shown. */
#define FIRST_MAX 500

/* Columns: an address, and with two blanks behind each: "59m ago", "59m more", a count, "submission". The user gets what is left.
 */
#define ADDRESS_MIN 15
#define LAST 8
#define LEFT 8
#define COUNT 6
#define SERVICE 10
#define BETWEEN 2
#define OTHERS (BETWEEN + LAST + BETWEEN + LEFT + BETWEEN + COUNT + BETWEEN + SERVICE + BETWEEN)
#define USER_MIN 14

struct _PgListTable
{
  gint64  now_s;
  GQueue  first; /* of JsonObject: not shown yet, as the widths are not known */
  guint   address;
  guint   user;
  guint64 n_rows;
};

PgListTable *
pg_list_table_new (gint64 now_us)
{
  PgListTable *self = g_new0 (PgListTable, 1);

  self->now_s = now_us / G_USEC_PER_SEC;
  g_queue_init (&self->first);
  self->address = ADDRESS_MIN;
  return self;
}

/* "18m more", or "over". */
static char *
say_left (const PgListTable *self, gint64 until_s)
{
  g_autofree char *span = pg_output_span (MAX (until_s - self->now_s, 0));

  return until_s >= self->now_s ? g_strconcat (span, " more", NULL) : g_strdup ("over");
}

static char *
cut (const char *text, guint columns)
{
  return strlen (text) <= columns ? g_strdup (text) : g_strdup_printf ("%.*s...", (int) columns - 3, text);
}

static void
show (const PgListTable *self, JsonObject *row)
{
  gint64           newest_s = pg_message_get_int (row, "newest", 0);
  gint64           until_s = pg_message_get_int (row, "until", 0);
  g_autofree char *address = pg_output_text (row, "address");
  g_autofree char *last = pg_output_since (newest_s, self->now_s, FALSE);
  g_autofree char *left = say_left (self, until_s);
  g_autofree char *service = pg_output_text (row, "service");
  g_autofree char *whole_user = pg_output_text (row, "user");
  g_autofree char *user = cut (whole_user, self->user);
  gboolean         is_long = strlen (address) > self->address;

  if (is_long)
    printf ("%s\n", address);
  printf ("%-*s  %-*s  %-*s  %*" G_GINT64_FORMAT "  %-*s  %s\n", (int) self->address, is_long ? "" : address, LAST, last, LEFT,
          left, COUNT, pg_message_get_int (row, "count", 0), SERVICE, service, user);
}

static void
show_title (const PgListTable *self)
{
  g_autofree char *title = g_strdup_printf ("%-*s  %-*s  %-*s  %*s  %-*s  %s", (int) self->address, "ADDRESS", LAST, "LAST", LEFT,
                                            "PERMITS", COUNT, "LOGINS", SERVICE, "SERVICE", "USER");

  pg_output_title (title);
}

/* Decides how wide what is, and shows what has waited for that. */
static void
begin (PgListTable *self)
{
  guint       address_max = pg_output_width () - OTHERS - USER_MIN;
  JsonObject *row;

  for (GList *link = self->first.head; link != NULL; link = link->next)
    {
      const char *address = pg_message_get_string (link->data, "address");

      if (address != NULL && strlen (address) <= address_max)
        self->address = MAX (self->address, (guint) strlen (address));
    }
  self->user = pg_output_width () - OTHERS - self->address;
  show_title (self);
  while ((row = g_queue_pop_head (&self->first)) != NULL)
    {
      show (self, row);
      json_object_unref (row);
    }
}

void
pg_list_table_free (PgListTable *self)
{
  if (self == NULL)
    return;
  if (!g_queue_is_empty (&self->first))
    begin (self);
  g_free (self);
}

void
pg_list_table_add (PgListTable *self, JsonObject *row)
{
  self->n_rows++;
  if (self->n_rows > FIRST_MAX)
    {
      show (self, row);
      return;
    }
  g_queue_push_tail (&self->first, json_object_ref (row));
  if (self->n_rows == FIRST_MAX)
    begin (self);
}

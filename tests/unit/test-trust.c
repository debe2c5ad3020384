/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/error.h"
#include "source/source.h"
#include "source/trust.h"

#include "folder.h"

#include <grp.h>
#include <sys/xattr.h>

/* Users and groups that are nobody's in particular. */
#define STRANGER 4242

static char *path;

static void
set_up (void)
{
  make_folder ();
  path = in_folder ("mail.log");
  write_bytes (path, "x\n", 2);
}

static void
tear_down (void)
{
  ck_assert (g_chmod (folder, 0700) == 0);
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

static gboolean
is_trusted (GError **error)
{
  int      fd = open (path, O_RDONLY | O_CLOEXEC);
  gboolean ok;

  ck_assert (fd >= 0);
  ok = pg_trust_check_file (path, fd, error);
  close (fd);
  return ok;
}

static void
assert_trusted (const char *name, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = is_trusted (&error);

  assert_row_agrees (name, ok, error, expected);
  assert_row (name, ok || g_error_matches (error, PG_ERROR, PG_ERROR_DENIED));
  assert_row (name, ok || strstr (error->message, "trust=any") != NULL);
}

static gid_t
find_group (const char *name)
{
  const struct group *group = getgrnam (name);

  return group != NULL ? group->gr_gid : 0;
}

/* --- modes, which each user can set ------------------------------------------------------------------------------------ */

static const struct
{
  const char *name;
  mode_t      file;
  mode_t      folder;
  gboolean    is_trusted; /* with a strange group, if we may set one */
} modes[] = {
  { "usual", 0640, 0755, TRUE },
  { "for all to read", 0644, 0755, TRUE },
  { "one's own", 0600, 0700, TRUE },
  { "file for all to write", 0666, 0755, FALSE },
  { "file for others to write", 0602, 0755, FALSE },
  { "folder for all to write", 0640, 0777, FALSE },
  { "folder as /tmp", 0640, 01777, FALSE },
  { "folder for others to write", 0640, 0703, FALSE },
  { "closed file in an open folder", 0600, 01777, FALSE },
};

START_TEST (who_may_write_is_told_by_modes)
{
  ck_assert (g_chmod (path, modes[_i].file) == 0 && g_chmod (folder, modes[_i].folder) == 0);
  assert_trusted (modes[_i].name, modes[_i].is_trusted);
}
END_TEST

/* --- owners and groups, which only root can set ------------------------------------------------------------------------ */

static const struct
{
  const char *name;
  gboolean    of_folder; /* or of the file */
  uid_t       user;
  const char *group; /* NULL: a strange one */
  mode_t      mode;
  gboolean    is_trusted;
} owners[] = {
  { "file of another user", FALSE, STRANGER, "root", 0600, FALSE },
  { "file of another user who may not write yet", FALSE, STRANGER, "root", 0400, FALSE },
  { "folder of another user", TRUE, STRANGER, "root", 0700, FALSE },
  { "file for a group to read", FALSE, 0, NULL, 0640, TRUE },
  { "file for a group to write", FALSE, 0, NULL, 0660, FALSE },
  { "folder for a group to write", TRUE, 0, NULL, 0770, FALSE },
  { "file for root to write", FALSE, 0, "root", 0660, TRUE },
  { "file for adm to write", FALSE, 0, "adm", 0660, TRUE },
  { "folder for adm to write", TRUE, 0, "adm", 0775, TRUE },
};

START_TEST (who_may_write_is_told_by_owners)
{
  const char *place = owners[_i].of_folder ? folder : path;
  gid_t       group = owners[_i].group != NULL ? find_group (owners[_i].group) : STRANGER;

  ck_assert (chown (place, owners[_i].user, group) == 0 && g_chmod (place, owners[_i].mode) == 0);
  assert_trusted (owners[_i].name, owners[_i].is_trusted);
}
END_TEST

/* Read and write for the owner, user 4242 and the mask; nothing else. Of version 2: tag, rights, id; little-endian. */
START_TEST (an_access_control_list_behind_the_group_is_seen)
{
  static const guint8 list[] = {
    2,
    0,
    0,
    0, /* version */
    0x01,
    0,
    6,
    0,
    0xff,
    0xff,
    0xff,
    0xff, /* owner */
    0x02,
    0,
    6,
    0,
    STRANGER & 0xff,
    STRANGER >> 8,
    0,
    0, /* a user */
    0x04,
    0,
    4,
    0,
    0xff,
    0xff,
    0xff,
    0xff, /* group */
    0x10,
    0,
    6,
    0,
    0xff,
    0xff,
    0xff,
    0xff, /* mask */
    0x20,
    0,
    0,
    0,
    0xff,
    0xff,
    0xff,
    0xff, /* others */
  };

  if (setxattr (path, "system.posix_acl_access", list, sizeof list, 0) != 0)
    {
      printf ("skipped: access control lists: the file system of %s has none (%s)\n", path, g_strerror (errno));
      return;
    }
  ck_assert (chown (path, 0, 0) == 0);
  assert_trusted ("list", FALSE);
  ck_assert (g_chmod (path, 0640) == 0); /* makes the mask so */
  assert_trusted ("mask", TRUE);
}
END_TEST

/* --- what is looked at --------------------------------------------------------------------------------------------------- */

START_TEST (the_folder_of_what_a_link_names_is_looked_at)
{
  g_autofree char *inner = in_folder ("inner");
  g_autofree char *target = g_build_filename (inner, "real.log", NULL);
  g_autofree char *link = in_folder ("link.log");

  ck_assert (g_mkdir (inner, 0755) == 0 && g_chmod (folder, 0755) == 0);
  write_bytes (target, "x\n", 2);
  ck_assert (symlink (target, link) == 0);
  g_free (path);
  path = g_steal_pointer (&link);
  assert_trusted ("closed", TRUE);
  ck_assert (g_chmod (inner, 0777) == 0);
  assert_trusted ("open", FALSE);
}
END_TEST

START_TEST (what_can_not_be_looked_at_is_not_trusted)
{
  g_autofree char *absent = in_folder ("absent");
  g_autoptr (GError) error = NULL;
  gboolean ok = pg_trust_check_folder (absent, &error);

  assert_row_agrees ("absent", ok, error, FALSE);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_SYSTEM));
}
END_TEST

/* --- a file that is followed --------------------------------------------------------------------------------------------- */

static guint n_lines;

static gboolean
count (G_GNUC_UNUSED PgSpan line, G_GNUC_UNUSED PgHeadFormat format, G_GNUC_UNUSED gpointer user_data)
{
  n_lines++;
  return TRUE;
}

static void
read_all (PgSource *source)
{
  const PgSourceSink sink = { .take = count };

  pg_source_tick (source);
  while (pg_source_read (source, 1 << 20, &sink))
    ;
}

static PgSource *
start (const char *options)
{
  g_autofree char *text = g_strconcat ("file:", path, ",format=syslog", options, NULL);
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  PgClock   clock = { .zone = zone, .now_us = PG_SECOND };
  PgSource *source = pg_source_new (text, NULL);

  n_lines = 0;
  pg_source_start (source, NULL, 0, &clock);
  read_all (source);
  return source;
}

START_TEST (a_file_that_others_may_write_is_not_read_until_that_is_changed)
{
  PgSource *source;

  ck_assert (g_chmod (path, 0666) == 0);
  source = start ("");
  ck_assert_uint_eq (n_lines, 0);
  ck_assert_int_eq (pg_source_state (source), PG_SOURCE_BLIND);
  ck_assert_msg (strstr (pg_source_problem (source), "everybody may write") != NULL, "%s", pg_source_problem (source));
  ck_assert (g_chmod (path, 0644) == 0);
  read_all (source);
  ck_assert_uint_eq (n_lines, 1);
  ck_assert_int_eq (pg_source_state (source), PG_SOURCE_CURRENT);
  pg_source_free (source);
}
END_TEST

START_TEST (a_file_is_looked_at_each_time_it_is_opened)
{
  g_autofree char *older = in_folder ("mail.log.1");
  PgSource        *source = start ("");

  ck_assert_uint_eq (n_lines, 1);
  ck_assert (g_rename (path, older) == 0);
  write_bytes (path, "x\n", 2);
  ck_assert (g_chmod (path, 0606) == 0);
  read_all (source);
  ck_assert_uint_eq (n_lines, 1);
  ck_assert_int_eq (pg_source_state (source), PG_SOURCE_BLIND);
  pg_source_free (source);
}
END_TEST

START_TEST (a_predecessor_that_others_may_write_is_not_read)
{
  g_autofree char *older = in_folder ("mail.log.1");

  write_bytes (older, "x\n", 2);
  ck_assert (g_chmod (older, 0666) == 0);
  pg_source_free (start (""));
  ck_assert_uint_eq (n_lines, 1);
  pg_source_free (start (",trust=any"));
  ck_assert_uint_eq (n_lines, 2);
}
END_TEST

START_TEST (whoever_is_trusted_may_write)
{
  PgSource *source;

  ck_assert (g_chmod (path, 0666) == 0 && g_chmod (folder, 01777) == 0);
  source = start (",trust=any");
  ck_assert_uint_eq (n_lines, 1);
  ck_assert_int_eq (pg_source_state (source), PG_SOURCE_CURRENT);
  pg_source_free (source);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, who_may_write_is_told_by_modes, 0, G_N_ELEMENTS (modes));
  if (geteuid () == 0)
    {
      tcase_add_loop_test (tests, who_may_write_is_told_by_owners, 0, G_N_ELEMENTS (owners));
      tcase_add_test (tests, an_access_control_list_behind_the_group_is_seen);
    }
  else
    printf ("skipped: files of other users: only root can make some\n");
  tcase_add_test (tests, the_folder_of_what_a_link_names_is_looked_at);
  tcase_add_test (tests, what_can_not_be_looked_at_is_not_trusted);
  tcase_add_test (tests, a_file_that_others_may_write_is_not_read_until_that_is_changed);
  tcase_add_test (tests, a_file_is_looked_at_each_time_it_is_opened);
  tcase_add_test (tests, a_predecessor_that_others_may_write_is_not_read);
  tcase_add_test (tests, whoever_is_trusted_may_write);
}

PG_TEST_MAIN ("trust", fill)

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/identity.h"

#include "core/error.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- whom ------------------------------------------------------------------------------------------------------------ */

static gboolean
fail_value (GError **error, const char *key, const char *value, const char *why)
{
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "[popgate] %s = \"%s\": %s", key, value, why);
  return FALSE;
}

/* FALSE if @text is no number that can be an id; -1 means "leave it" to the system. */
static gboolean
read_id (const char *text, guint32 *out)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32 - 1, &number, NULL))
    return FALSE;
  *out = (guint32) number;
  return TRUE;
}

static gboolean
find_user (const char *user, PgIdentity *out, gboolean *out_has_group, GError **error)
{
  const struct passwd *entry = getpwnam (user);

  if (entry == NULL && read_id (user, &out->uid))
    entry = getpwuid (out->uid);
  else if (entry == NULL)
    return fail_value (error, "user", user, "there is no such user");
  if (entry != NULL)
    {
      out->name = g_strdup (entry->pw_name);
      out->uid = entry->pw_uid;
      out->gid = entry->pw_gid;
    }
  *out_has_group = entry != NULL;
  return out->uid != 0 || fail_value (error, "user", user, "expected a user without the rights of root, or nothing");
}

static gboolean
find_group (const char *group, PgIdentity *out, GError **error)
{
  const struct group *entry = getgrnam (group);

  if (entry == NULL && !read_id (group, &out->gid))
    return fail_value (error, "group", group, "there is no such group");
  if (entry != NULL)
    out->gid = entry->gr_gid;
  return TRUE;
}

gboolean
pg_identity_find (const char *user, const char *group, PgIdentity *out, GError **error)
{
  g_auto (PgIdentity) found = { .is_set = TRUE };
  gboolean has_group;

  *out = (PgIdentity){ 0 };
  if (user[0] == '\0')
    return group[0] == '\0' || fail_value (error, "group", group, "expected [popgate] user beside it");
  if (!find_user (user, &found, &has_group, error))
    return FALSE;
  if (group[0] == '\0' && !has_group)
    return fail_value (error, "user", user, "expected [popgate] group beside the number of a user without a name");
  if (group[0] != '\0' && !find_group (group, &found, error))
    return FALSE;
  *out = found;
  found.name = NULL;
  return TRUE;
}

void
pg_identity_clear (PgIdentity *self)
{
  g_clear_pointer (&self->name, g_free);
}

/* --- becoming it ----------------------------------------------------------------------------------------------------- */

static gboolean
is_it (const PgIdentity *self)
{
  uid_t uids[3];
  gid_t gids[3];

  if (getresuid (&uids[0], &uids[1], &uids[2]) != 0 || getresgid (&gids[0], &gids[1], &gids[2]) != 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (uids); i++)
    if (uids[i] != self->uid || gids[i] != self->gid)
      return FALSE;
  return TRUE;
}

gboolean
pg_identity_check (const PgIdentity *self, GError **error)
{
  if (!self->is_set || geteuid () == 0 || is_it (self))
    return TRUE;
  g_set_error (
      error, PG_ERROR, PG_ERROR_VALUE,
      "[popgate] user: only root can become another user: start popgated as root, or as uid %u and gid %u, or leave it empty",
      (unsigned) self->uid, (unsigned) self->gid);
  return FALSE;
}

static gboolean
fail (GError **error, const char *doing)
{
  g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot give up root: %s: %s", doing, g_strerror (errno));
  return FALSE;
}

/* Bits of each thread, which it has from the one that made it: with these, capabilities don't go with root. */
#define KEEPING (SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP)

static gboolean
keeps_capabilities (void)
{
  int bits = prctl (PR_GET_SECUREBITS, 0, 0, 0, 0);

  return bits < 0 || (bits & KEEPING) != 0;
}

/* Groups first: who is not root can't change them. The C library does it for all threads. */
static gboolean
change (const PgIdentity *self, GError **error)
{
  if (self->name != NULL ? initgroups (self->name, self->gid) != 0 : setgroups (1, &self->gid) != 0)
    return fail (error, "setting the groups");
  if (setresgid (self->gid, self->gid, self->gid) != 0)
    return fail (error, "changing the group");
  return setresuid (self->uid, self->uid, self->uid) == 0 || fail (error, "changing the user");
}

/* They went with root, in all threads. */
static gboolean
drop_capabilities (GError **error)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct   none[_LINUX_CAPABILITY_U32S_3] = { 0 };

  return syscall (SYS_capset, &header, none) == 0 || fail (error, "dropping the capabilities");
}

static gboolean
has_capabilities (void)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct   sets[_LINUX_CAPABILITY_U32S_3];

  if (syscall (SYS_capget, &header, sets) != 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (sets); i++)
    if ((sets[i].effective | sets[i].permitted | sets[i].inheritable) != 0)
      return TRUE;
  return FALSE;
}

/* Root's ids must not come back. If they can, that they do is no matter: popgated ends then. */
static gboolean
is_for_good (const PgIdentity *self)
{
  return is_it (self) && !has_capabilities () && setuid (0) != 0 && seteuid (0) != 0 && (self->gid == 0 || setgid (0) != 0)
         && is_it (self);
}

gboolean
pg_identity_take (const PgIdentity *self, GError **error)
{
  if (!self->is_set || geteuid () != 0)
    return TRUE;
  if (keeps_capabilities ())
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot give up root: it is started so that capabilities are kept");
      return FALSE;
    }
  if (!change (self, error) || !drop_capabilities (error))
    return FALSE;
  if (prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) /* the memory is full of user names */
    return fail (error, "forbidding core dumps");
  if (is_for_good (self))
    return TRUE;
  g_set_error_literal (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot give up root: the system says that it was done, and it was not");
  return FALSE;
}

void
pg_identity_harden (void)
{
  int bits = prctl (PR_GET_SECUREBITS, 0, 0, 0, 0);

  umask (0077);
  if (bits > 0 && (bits & KEEPING) != 0)
    (void) prctl (PR_SET_SECUREBITS, (unsigned long) (bits & ~KEEPING), 0, 0, 0); /* pg_identity_take() sees whether it worked */
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    g_warning ("cannot forbid new privileges: %s", g_strerror (errno));
}

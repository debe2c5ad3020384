/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ranks: what a user may do at the control socket, by his uid. */
#pragma once

#include "core/config.h"

#include <sys/types.h>

G_BEGIN_DECLS

/**
 * PgRank:
 * @PG_RANK_STRANGER: may do nothing
 * @PG_RANK_READER: may use the commands that look: [control] readers
 * @PG_RANK_ADMIN: may use all: root, who we are, and [control] admins
 */
typedef enum
{
  PG_RANK_STRANGER,
  PG_RANK_READER,
  PG_RANK_ADMIN,
  PG_N_RANKS
} PgRank;

typedef struct _PgRanks PgRanks;

/** pg_ranks_new: everybody is a stranger; free with pg_ranks_free(). */
PgRanks *pg_ranks_new (void);

/** pg_ranks_free: ends @self; NULL is legal. */
void pg_ranks_free (PgRanks *self);

/** pg_ranks_load: looks up whom @config names; a name that nobody has is nobody's, as users may come and go. */
void pg_ranks_load (PgRanks *self, const PgConfig *config);

/** pg_ranks_of: the rank of the user @uid. */
PgRank pg_ranks_of (const PgRanks *self, uid_t uid);

/** pg_ranks_name: (transfer full): what the user @uid is called. A stranger's name is not looked up: he could have that done as
 * often as he likes, and it may take a while. */
char *pg_ranks_name (uid_t uid, PgRank rank) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* descriptors: how many the process may have, and its table of them.
 *
 * The kernel makes the table twice as large whenever it is full. If threads share it, whoever opened the descriptor that had no
 * room waits until every processor has let go of the old table (synchronize_rcu()): 5 to 25 ms each time, and more on a busy
 * machine. For a server that is connected to by many at once that is time enough to fill its backlog, and a unix socket refuses
 * whom the backlog doesn't hold. So the table gets its size before there are threads.
 * Source: Linux fs/file.c, expand_fdtable(); getrlimit(2); unix(7)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * pg_descriptors_reserve:
 * @max_connections: of policy clients, 1 or more
 *
 * Raises the limit so that there are descriptors for so many and for all else, and makes room in the table. To be called before
 * the first thread; later it does the same, but may wait once.
 *
 * Returns: how many connections there may be: @max_connections, or fewer, with a warning, as more may not be had
 */
guint pg_descriptors_reserve (guint max_connections);

G_END_DECLS

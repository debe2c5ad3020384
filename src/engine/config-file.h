/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config-file: popgate.conf as a file: where it is, and who is at fault if it is wrong. */
#pragma once

#include "core/config.h"

G_BEGIN_DECLS

/** PG_CONFIG_FILE: read if nobody names another; it may be absent. */
#define PG_CONFIG_FILE SYSCONFDIR "/popgate/popgate.conf"

/**
 * pg_config_file_load:
 * @path: (nullable): a file that must be there; NULL for PG_CONFIG_FILE
 * @overrides: (nullable): as pg_config_parse()
 * @error: as pg_config_parse(), and PG_ERROR_VALUE if the file can't be read; names the file, or the override
 *
 * Returns: (transfer full): the configuration, or NULL with @error set
 */
G_GNUC_WARN_UNUSED_RESULT
PgConfig *pg_config_file_load (const char *path, const char *const *overrides, GError **error);

G_END_DECLS

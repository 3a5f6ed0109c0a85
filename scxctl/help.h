/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What --help says: of the command, or of scxctl as a whole for NULL. */
const char *help_text(const char *verb);

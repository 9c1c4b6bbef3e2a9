/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

char *packet_text_describe (GBytes *bytes);
gboolean packet_text_is_address_mismatch (GBytes *bytes);

/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Reads catalog and settings and has scxd-loader look into every object and into the kernel's BTF, without blocking the loop. */

#include "catalog.h"
#include "loader.h"
#include "settings.h"

typedef struct CatalogLoad CatalogLoad;

/* error: 0 with a catalog that the callee keeps by its own reference; negative if it could not be made at all. features: probed = 0
 * where nothing could be learned. All is valid during the call only. The callee may free the CatalogLoad. */
typedef void (*catalog_load_handler_t)(int error, Catalog *catalog, const Settings *settings, const Diagnostics *diagnostics,
                                       const KernelFeatures *features, void *userdata);

/* The files are read at once, the handler is called later from the event loop. paths must outlive the CatalogLoad. */
int catalog_load_start(sd_event *event, const char *loader_path, const CatalogPaths *paths, catalog_load_handler_t handler,
                       void *userdata, CatalogLoad **ret);
CatalogLoad *catalog_load_free(CatalogLoad *l);
DEFINE_POINTER_CLEANUP(CatalogLoad *, catalog_load_free);

# SPDX-License-Identifier: MIT
"""The parts of scripts/report: reading results, pictures, and one file for each section of the page."""

"""Writers: the ways in which students' samples are written."""

"""Writers: students in memory, students in vLLM, or models behind an endpoint write samples."""
